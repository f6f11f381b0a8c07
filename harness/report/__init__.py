"""The report: draws what judge and analyse wrote, and computes nothing."""
