"""asyncpg, as the async twin uses it."""

import itertools
from typing import Any

from targets.shared.config import Settings, asyncpg_arguments, server_settings


def options(settings: Settings) -> dict[str, Any]:
    """Options of ``create_async_engine``."""
    numbers = itertools.count()
    arguments = {
        **asyncpg_arguments(settings),
        "server_settings": server_settings(settings),
        "prepared_statement_name_func": lambda: f"twin_{next(numbers):08x}",
    }
    return {"connect_args": arguments}
