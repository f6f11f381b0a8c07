"""The async twin: AsyncSession on asyncpg."""
