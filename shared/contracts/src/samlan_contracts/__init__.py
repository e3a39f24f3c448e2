"""Words that services share: events, shapes and the policy-book schema."""
