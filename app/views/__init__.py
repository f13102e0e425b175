"""What people see: open and past calls, their timelines and reasons, and what is streamed."""
