"""What stands around nbgrader: sources, code checks, isolation, shards and states."""
