"""The tests of Evalsite; the folders mirror the source."""
