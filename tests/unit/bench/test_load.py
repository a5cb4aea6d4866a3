import pytest

from bench.runtime.arithmetic import Run
from bench.runtime.load import read_h2load

SAID = """\
finished in 3.00s, 7123.33 req/s, 1.20MB/s
requests: 21370 total, 21370 started, 21370 done, 21370 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 21386 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 3.60MB (3774821) total, 1.27MB (1326000) headers (space savings 62.1%), 1.10MB ({data}) data
"""  # noqa: E501  as h2load prints it


def test_a_run_of_h2load() -> None:
    run = read_h2load(SAID.format(data=21370 * 54), 54, [1.0, 2.0, 3.0])

    assert run == Run(7123.33, 2.0, 3.0, requests=21370)


def test_an_answer_that_the_end_cuts_short_is_no_error() -> None:
    assert read_h2load(SAID.format(data=21386 * 54), 54, [1.0]).errors == 0


def test_grpc_errors_are_seen_although_http_says_200() -> None:
    assert read_h2load(SAID.format(data=20000 * 54), 54, [1.0]).errors == 1370


def test_words_that_are_not_h2loads_are_refused() -> None:
    with pytest.raises(RuntimeError, match="unknown: Segmentation fault"):
        read_h2load("Segmentation fault", 54, [])
