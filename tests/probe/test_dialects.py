"""Calls of a dialect are told once, whichever class they come from, and only while a request is looked into."""

import subprocess
import sys
from pathlib import Path

WRAP = """
from functools import wraps
from sqlalchemy import create_engine, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from harness.probe import dialects, served

seen = []

def noted(original):
    @wraps(original)
    def call(*args, **named):
        seen.append(original.__name__)
        return original(*args, **named)
    return call

for name in (*dialects.STATEMENTS, *dialects.ENDS):
    dialects.wrap(name, noted)

served.looked_into.set(True)

class Child(SQLiteDialect_pysqlite):
    def do_rollback(self, connection):
        seen.append("own")
        connection.rollback()


parent, child = create_engine("sqlite://"), create_engine("sqlite://")
child.dialect.__class__ = Child

def ask(engine):
    with engine.connect() as connection:
        seen.clear()
        connection.execute(text("CREATE TABLE IF NOT EXISTS t (n INTEGER)"))
        connection.execute(text("INSERT INTO t VALUES (:n)"), [{"n": 1}, {"n": 2}])
        connection.exec_driver_sql("INSERT INTO t VALUES (3)")
        connection.commit()
        connection.execute(text("SELECT n FROM t"))
        connection.rollback()
    return " ".join(seen)

with dialects.telling:
    print(ask(parent))  # which connects for the first time
print(ask(parent), ask(child), sep=",")
with dialects.telling:
    with dialects.telling:
        print(ask(child))
    print(ask(child))
print(ask(parent), ask(child), sep=",")
print(*({*dialects.STATEMENTS, *dialects.ENDS} & {*vars(parent.dialect), *vars(child.dialect)}))
"""


def test_each_call_is_told_once_of_a_class_that_inherits_it_too_while_a_request_is_looked_into() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", WRAP], capture_output=True, text=True, check=True, cwd=root)
    parent, before, both, one, after, left = done.stdout.splitlines()
    one_each = "do_execute do_executemany do_execute do_commit do_execute do_rollback"
    assert parent.startswith(one_each)
    assert both.startswith(f"{one_each} own")
    assert one == both
    assert before == after == ",own own"  # what it does itself: the roll-back that was asked for, and the pool's
    assert not left


PARTIAL = """
from functools import partial
from sqlalchemy import create_engine, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from harness.probe import dialects

class Child(SQLiteDialect_pysqlite):
    do_commit = partial(SQLiteDialect_pysqlite.do_commit, None)

dialects.meet()
engine = create_engine("sqlite://")
engine.dialect.__class__ = Child
with engine.connect() as connection:
    print(connection.scalar(text("SELECT 7")), Child.do_rollback.__code__ in dialects.asking)
"""


def test_a_dialect_whose_call_has_no_code_of_its_own_connects_too() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PARTIAL], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "7 True\n"


OWN = """
from sqlalchemy import create_engine, text
from harness.probe import dialects, served

def told(original):
    return lambda *args, **named: print("told") or original(*args, **named)

dialects.wrap("do_commit", told)
served.looked_into.set(True)
engine = create_engine("sqlite://")
engine.dialect.do_commit = lambda connection: print("own")
with dialects.telling, engine.connect() as connection:
    connection.execute(text("SELECT 7"))
    connection.commit()
print("do_commit" in vars(engine.dialect))
"""


def test_what_an_application_has_put_into_its_dialect_stays_there() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", OWN], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["own", "True"]


CALL = """
import asyncio, sys
from pathlib import Path
from sqlalchemy import create_engine
from harness.probe import asked, dialects, queries, request, served, waits
from harness.probe.recorder import Recorder

told = Recorder(Path(sys.argv[1]))
queries.QueryProbe(None, told)
waits.tell_connections(told)
waits.tell_database()
engine = create_engine("sqlite://")
engine.connect().close()
async def both():
    task = asyncio.current_task()
    request.beginning(asyncio.get_running_loop())()
    return request.under_way.get(), request.Followed(task)

for known, looked_into in zip((None, *asyncio.run(both()), None), (True, True, True, False)):
    request.under_way.set(known)
    served.looked_into.set(looked_into)
    asked.under_way.set(sent := asked.Asked())
    cursor = engine.raw_connection().cursor()
    with dialects.telling:
        engine.dialect.do_execute(cursor, "SELECT 7", (), context=None)
    print(cursor.fetchall(), [(one.calls, one.rows) for one in sent.forms.values()])
"""


def test_a_call_may_name_its_arguments_and_is_told_where_it_is_looked_into(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", CALL, tmp_path], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.splitlines() == [*["[(7,)] [(1, 0)]"] * 3, "[(7,)] []"]
