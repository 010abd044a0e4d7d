"""Mails in which a text looks like a client's mark and is the author's: nothing of them may go.

`KEPT` stays whole. In `FORWARDED` the mail forwards another, which is content.
"""

from typing import Final

KEPT: Final = {
    "a quotation by hand": "Kant says:\n> Sapere aude!",
    "a quotation with a verb and no date": "Look what Bob wrote:\n\n> We ship on Friday.",
    "an error message as a quotation": "At 10:32 the server said:\n\n> Connection reset\n> by peer\n\nAny idea?",
    "a log after a colon": "See the log of 2024-05-08 10:32:\n> boom",
    "on, but no attribution": "On Monday we wrote:\n\nDear customers, the shop is closed.",
    "a long sentence that ends like an attribution": "On 8 May 2024 at 11:10 we met. Then Bob wrote:\n\nclosing the shop",
    "a quotation with a comment": "> The price is twelve.\nToo much.",
    "only a quotation": "> The price is twelve.",
    "only an attribution and a quotation": "On May 8, 2024 at 11:10 AM Bob <b@example.org> wrote:\n> The price is twelve.",
    "only a block of headers": "From: Bob <b@example.org>\nSent: 8 May 2024 11:10\nTo: Kim\nSubject: offer\n\nThe price is twelve.",
    "labels that are no headers": "From: Berlin\nTo: Hamburg\nDate: 8 May 2024\n\nTwo tickets, please.",
    "a packet": "[TASK_ID]: T-1\n[STATE]: blocked\n[NEXT_ACTION]: From: to be done\n[FROM]: kim",
    "a rule between paragraphs": "First part.\n\n--\n\nSecond part, which goes on.",
    "a rule of underscores": "First part.\n\n____________________\n\nSecond part.",
    "two hyphens under a title": "Title\n--\nThis is the text below the title.",
    "a question below a delimiter": "Yes.\n\n-- \nKim\nPS: Could you call me?",
    "a long text below two hyphens": "Yes.\n\n--\n" + "A line of a long text below.\n" * 20,
    "sent from, in a sentence": "Hello.\n\nSent from my desk, is much easier than my phone.",
    "sent from, as a question": "What happened?\nSent from my account by whom, exactly",
    "sent in the evening": "It is on its way.\nSent via Slack to the whole team",
    "only a phone's line": "Sent from my iPhone",
    "only a signature": "-- \nKim Winter",
    "a greeting and a name": "Done.\n\nBest regards,\nKim",
    "a talk about confidentiality": "This message is confidential, the addressee is Bob.",
    "original message in a sentence": "The original message was lost.\n\nCould you send it again?",
    "original message as a title": "-----Original Message-----\n\nis what Outlook writes above a quotation.",
    "answers below": "My answers are below.\n\nFrom: Bob <b@example.org>\nSent: 8 May 2024 11:10\nTo: Kim\nSubject: offer\n\nTwelve?\nYES, TWELVE.",
    "answers in red": "Antworten in rot.\n\n-----Ursprüngliche Nachricht-----\nVon: Bob\nGesendet: 8. Mai 2024\nAn: Kim\nBetreff: x\n\nZwölf? JA",
    "a shell": "Run this:\n\n$ cat > file << EOF\n> one\n> two\nEOF",
    "a diff": "Patch:\n\n--- a/file\n+++ b/file\n-- old\n++ new",
    "lines of dashes": "| a | b |\n|---|---|\n| 1 | 2 |\n\n----------\n\nEnd.",
    "a list of addresses": "People:\nBob <b@example.org>, 8 May 2024:\nKim <k@example.org>, 9 May 2024:",
    "nothing at all": "",
    "blank lines": "\n\n \n",
}  # fmt: skip

FORWARDED: Final = {
    "Gmail": "See below, please decide.\n\n---------- Forwarded message ---------\nFrom: Bob <b@example.org>\nDate: Wed, May 8, 2024 at 11:10 AM\nSubject: offer\nTo: <kim@example.org>\n\nThe price is twelve.\n\n-- \nBob",
    "Apple Mail": "FYI\n\nBegin forwarded message:\n\n> From: Bob <b@example.org>\n> Subject: offer\n> Date: 8 May 2024 at 11:10:00\n> To: Kim\n>\n> The price is twelve.",
    "Thunderbird": "-------- Weitergeleitete Nachricht --------\nBetreff: \toffer\nDatum: \tWed, 8 May 2024 11:10:00 +0200\nVon: \tBob <b@example.org>\nAn: \tKim\n\nThe price is twelve.",
}  # fmt: skip
