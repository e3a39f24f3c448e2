"""What catalog knows and checks: titles, items as things, branches; nothing here reads or writes."""
