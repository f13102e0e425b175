"""A seeded world of residents, handsets, caregivers and operators that stands in for the real one."""
