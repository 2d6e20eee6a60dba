"""The experiment file: from text to frozen values, with every error said, and back."""
