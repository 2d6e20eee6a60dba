"""Pictures of every page and state of the site, to be looked at: `make screenshots`."""
