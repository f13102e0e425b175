"""The register: residents, handsets, caregivers, areas and streets, and how they get in."""
