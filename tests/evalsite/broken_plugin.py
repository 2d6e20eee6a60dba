"""A module that fails when it is imported, as somebody's plug-in might."""

raise RuntimeError("the model file is not there")
