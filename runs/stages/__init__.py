"""The steps in the making of a result, named in settings: render and generate; scoring adds its own."""
