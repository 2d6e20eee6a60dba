"""The demo: a project of its own with one experiment, which shows at the first start what the site does."""
