from bench.runtime import table
from bench.runtime.arithmetic import Row, Run, Target, finished
from bench.runtime.cases import Case, Contender
from bench.runtime.load import Mixed
from bench.runtime.operation import Cost, LongRun, Operation
from bench.runtime.wires import Json

CASE = Case(
    "iris",
    "JSON, iris",
    "iris",
    16,
    (
        Contender("Slipway", "slipway", Json()),
        Contender("slow", "kserve", Json(), Target(5)),
        Contender("ceiling", "bare", Json(), Target(0.8, p99=1.5)),
        Contender("absent", "mlserver", Json(), Target(5)),
    ),
    limit=True,
)
ROWS = [
    finished("Slipway", [Run(12_000, 1.0, 2.0, cost=80.4)]),
    finished("slow", [Run(2_000, 6.0, 12.0)]),
    finished("ceiling", [Run(20_000, 0.5, 1.6)]),
    Row("absent", failure="could not be installed:\nno | wheel"),
    finished("limit", [Run(240_000)]),
]


def test_a_case_in_markdown() -> None:
    assert table.case_table(CASE, ROWS) == "\n".join(
        [
            "### JSON, iris, 16 connections",
            "",
            "|  | requests/s | p50 ms | p99 ms | CPU µs/request | Slipway has | target |  |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            "| Slipway | 12,000 | 1.00 | 2.00 | 80 |  |  |  |",
            "| slow | 2,000 | 6.00 | 12.00 | - | 6.00x, p99 0.17x | at least 5x | met |",
            "| ceiling | 20,000 | 0.50 | 1.60 | - | 0.60x, p99 1.25x "
            "| at least 0.8x, p99 at most 1.5x | **not met** |",
            "| absent: could not be installed: no / wheel | - | - | - | - "
            "| - | at least 5x | **not met** |",
            "| limit | 240,000 | - | - | - | 0.05x |  |  |",
        ]
    )


def test_nothing_is_met_when_slipway_itself_failed() -> None:
    text = table.case_table(CASE, [Row("Slipway", failure="wrong answer"), *ROWS[1:]])

    assert "| Slipway: wrong answer | - | - | - | - |  |  |  |" in text
    assert "| met |" not in text


def test_costs_in_markdown_with_their_verdicts() -> None:
    costs = [Cost("Slipway", 0.84, 85.6, 0.3), Cost("other", failure="it ended with 1")]
    long_run = LongRun(Mixed(answered=150, refused=50, failed=0), before=100, after=106)

    text = table.operation_table(Operation(costs, long_run))

    assert "| Slipway | 0.84 s | 86 MiB | 0.3 % |" in text
    assert "| other: it ended with 1 | - | - | - |" in text
    assert "- target: ready in under 1 s: met" in text
    assert "- target: memory under 90 MB: met" in text
    assert "Over 200 requests, 50 of them bad and refused" in text
    assert "from 100.0 to 106.0 MiB (+6.0 %)" in text
    assert "- target: flat within 5 %: **not met**" in text


def test_memory_is_judged_in_megabytes_of_a_million_bytes() -> None:
    costs = [Cost("Slipway", 0.84, 86, 0.3)]  # 90.2 MB

    text = table.operation_table(Operation(costs, "it did not start"))

    assert "- target: memory under 90 MB: **not met**" in text
    assert "- Slipway's long run failed: it did not start" in text
