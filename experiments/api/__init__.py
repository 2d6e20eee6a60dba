"""What is measured, by API: projects, datasets, providers, prompts, experiments; and the tokens that open it."""
