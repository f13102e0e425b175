"""What is kept: the journal, its projections, and the PostgreSQL that holds them."""
