"""Every scenario and profile by name."""

from harness.model.plan import ChaosProfile, Profile, Scenario
from scenarios import chaos, list_with_posts, mixed, pages, ping, point_read, write

COMPARED: dict[str, Scenario] = {
    one.SCENARIO.name: one.SCENARIO for one in (ping, point_read, list_with_posts, write, mixed)
}
# With those that show what only a probe inside the target sees.
SCENARIOS: dict[str, Scenario] = {**COMPARED, pages.SCENARIO.name: pages.SCENARIO}

# Durations were chosen for two targets on two slow cores: at most 2 minutes for quick and 8 for default, as measured;
# about 40 for full, by its plan only.
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="quick",
            scenarios=("ping", "point-read", "write"),
            added_ms=(0, 20),
            warmup_s=0.4,
            measure_s=0.6,
            seconds=100.0,
        ),
        Profile(
            name="default",
            scenarios=tuple(COMPARED),
            added_ms=(0, 5, 20),
            warmup_s=0.4,
            measure_s=0.6,
            seconds=450.0,
            precision=0.02,
        ),
        Profile(
            name="full",
            scenarios=tuple(COMPARED),
            added_ms=(0, 1, 2, 5, 10, 20),
            warmup_s=0.4,
            measure_s=0.9,
            seconds=2400.0,
            precision=0.01,
        ),
    )
}

CHAOS = chaos.SCENARIO
CUT = ("create_user", "create_post", "transfer")

CHAOS_PROFILES: dict[str, ChaosProfile] = {
    profile.name: profile
    for profile in (
        ChaosProfile(name="default", cuts=("create_user", "create_user+retry_key")),
        ChaosProfile(
            name="full",
            cuts=(*CUT, *(f"{write}+retry_key" for write in CUT)),
            blocks=5,
            schema_changes=True,
            flaws=True,
        ),
        ChaosProfile(name="soak", blocks=20, faults=10),
        ChaosProfile(name="flaws", faults=0, flaws=True),
    )
}
