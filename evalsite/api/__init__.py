"""The API: its routes, and what the views of all apps share - fields, lists, problems, scopes, throttling, schema."""
