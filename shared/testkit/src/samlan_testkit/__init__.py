"""The pytest plugin: broker and datastore per session, the cast, the crash harness."""
