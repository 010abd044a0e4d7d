"""CommonMark in and out say the same: parse(write(document)) is the document's normal form."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.properties.content_strategies import documents, texts
from tieline.model.content import Document, Paragraph, Strong, Text
from tieline.render.commonmark import CommonMark, parse
from tieline.render.normal import normalise

WRITE = CommonMark().write
SLOW = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@example(Document(blocks=(Paragraph(children=(Text(text="\\0"), Strong(children=(Text(text="*"),)))),)))
@example(Document(blocks=(Paragraph(children=(Strong(children=(Text(text="http://"),)), Text(text="a"))),)))
@given(documents())
def test_what_is_written_reads_as_the_same_content(document: Document) -> None:
    normal = normalise(document, names=False)
    assert parse(WRITE(document.blocks)) == normal, WRITE(document.blocks)


@SLOW
@given(documents())
def test_the_normal_form_is_its_own_normal_form(document: Document) -> None:
    normal = normalise(document)
    assert normalise(normal) == normal


@SLOW
@example("- - + ")
@given(st.one_of(texts(), st.text()))
def test_any_text_can_be_read_and_what_it_says_can_be_written_and_read_again(text: str) -> None:
    document = parse(text)
    assert parse(WRITE(document.blocks)) == document
