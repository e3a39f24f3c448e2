"""`samlan bench`: what a return costs, always beside the bare broker and datastore in the same run.

::

    Stage (a consortium of its own) ──▶ storms ──▶ figures ──▶ a table and JSON
                       │                              ▲
                       └── counts of one storm ──▶ floor (bare aio-pika and PyMongo)
"""
