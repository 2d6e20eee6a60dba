"""A lane: one process's event loop; what it claims, works on and stores, and what others make of a dead one."""
