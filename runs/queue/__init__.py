"""The queue of a host: django-q2's processes, what wakes them, and how the watcher hears that they come round."""
