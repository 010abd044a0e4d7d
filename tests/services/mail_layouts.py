"""Replies composed from the layouts of mail clients, in sixteen languages: plain text and HTML of the same mail.

The layouts are written from what the clients send, not taken from anybody's mail. A mail knows what its author said,
and what must not be left of the rest. The hands that wrote these wrote the cutting too: the published sets in
`../shared/standins/corpora/email-replies` are the independent witness.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Language:
    """What clients write in a language, and what a person does."""

    code: str
    said: tuple[str, str, str]
    gmail: str
    apple: str
    thunderbird: str
    labels: tuple[str, str, str, str]
    original: str
    phone: str


@dataclass(frozen=True)
class Mail:
    """A reply: its two bodies, the lines its author wrote, the words that must go, and those that may stay as quotes."""

    name: str
    plain: str
    html: str
    said: tuple[str, ...]
    gone: tuple[str, ...]
    context: tuple[str, ...] = ()


_WHO = "Robin Bauer"
_ADDRESS = "robin@example.net"
_BOTH = f"{_WHO} <{_ADDRESS}>"

LANGUAGES = (
    Language("en", ("Thanks, that works for us.", "Please order twelve of them.", "Could you also check the invoice?"), f"On Wed, May 8, 2024 at 11:10 AM {_BOTH} wrote:", f"On May 8, 2024, at 11:10, {_BOTH} wrote:", f"On 08/05/2024 11:10, {_WHO} wrote:", ("From", "Sent", "To", "Subject"), "Original Message", "Sent from my iPhone"),
    Language("de", ("Danke, das passt uns gut.", "Bitte bestellen Sie zwölf Stück.", "Können Sie auch die Rechnung prüfen?"), f"Am Mi., 8. Mai 2024 um 11:10 Uhr schrieb {_BOTH}:", f"Am 08.05.2024 um 11:10 schrieb {_BOTH}:", f"Am 08.05.24 um 11:10 schrieb {_WHO}:", ("Von", "Gesendet", "An", "Betreff"), "Ursprüngliche Nachricht", "Von meinem iPhone gesendet"),
    Language("fr", ("Merci, cela nous convient.", "Commandez-en douze pièces.", "Pouvez-vous aussi vérifier la facture ?"), f"Le mer. 8 mai 2024 à 11:10, {_BOTH} a écrit :", f"Le 8 mai 2024 à 11:10, {_BOTH} a écrit :", f"Le 08/05/2024 à 11:10, {_WHO} a écrit :", ("De", "Envoyé", "À", "Objet"), "Message d'origine", "Envoyé de mon iPhone"),
    Language("es", ("Gracias, nos viene bien.", "Pida doce unidades.", "¿Puede revisar también la factura?"), f"El mié, 8 may 2024 a las 11:10, {_WHO} (<{_ADDRESS}>) escribió:", f"El 8 may 2024, a las 11:10, {_BOTH} escribió:", f"El 08/05/2024 a las 11:10, {_WHO} escribió:", ("De", "Enviado", "Para", "Asunto"), "Mensaje original", "Enviado desde mi iPhone"),
    Language("it", ("Grazie, per noi va bene.", "Ordinatene dodici pezzi.", "Potete controllare anche la fattura?"), f"Il giorno mer 8 mag 2024 alle ore 11:10 {_BOTH} ha scritto:", f"Il giorno 8 mag 2024, alle ore 11:10, {_BOTH} ha scritto:", f"Il 08/05/2024 11:10, {_WHO} ha scritto:", ("Da", "Inviato", "A", "Oggetto"), "Messaggio originale", "Inviato da iPhone"),
    Language("pt", ("Obrigado, serve para nós.", "Encomende doze unidades.", "Pode verificar também a fatura?"), f"Em qua., 8 de mai. de 2024 às 11:10, {_BOTH} escreveu:", f"Em 8 de mai. de 2024, à(s) 11:10, {_BOTH} escreveu:", f"Em 08/05/2024 11:10, {_WHO} escreveu:", ("De", "Enviada em", "Para", "Assunto"), "Mensagem original", "Enviado do meu iPhone"),
    Language("nl", ("Bedankt, dat is goed voor ons.", "Bestel er twaalf.", "Kunt u ook de factuur nakijken?"), f"Op wo 8 mei 2024 om 11:10 schreef {_BOTH}:", f"Op 8 mei 2024, om 11:10 heeft {_BOTH} het volgende geschreven:", f"Op 08-05-2024 om 11:10 schreef {_WHO}:", ("Van", "Verzonden", "Aan", "Onderwerp"), "Oorspronkelijk bericht", "Verstuurd vanaf mijn iPhone"),
    Language("pl", ("Dziękuję, to nam pasuje.", "Proszę zamówić dwanaście sztuk.", "Czy możecie sprawdzić fakturę?"), f"śr., 8 maj 2024 o 11:10 {_BOTH} napisał(a):", f"Wiadomość napisana przez {_BOTH} w dniu 8 maj 2024, o godz. 11:10:", f"W dniu 8.05.2024 o 11:10, {_WHO} pisze:", ("Od", "Wysłano", "Do", "Temat"), "Wiadomość oryginalna", "Wysłane z iPhone'a"),
    Language("sv", ("Tack, det passar oss.", "Beställ tolv stycken.", "Kan ni kolla fakturan också?"), f"Den ons 8 maj 2024 kl 11:10 skrev {_BOTH}:", f"8 maj 2024 kl. 11:10 skrev {_BOTH}:", f"Den 2024-05-08 kl. 11:10, skrev {_WHO}:", ("Från", "Skickat", "Till", "Ämne"), "Ursprungligt meddelande", "Skickat från min iPhone"),
    Language("da", ("Tak, det passer os fint.", "Bestil venligst tolv stykker.", "Kan I også tjekke fakturaen?"), f"Den ons. 8. maj 2024 kl. 11.10 skrev {_BOTH}:", f"Den 8. maj 2024 kl. 11.10 skrev {_BOTH}:", f"Den 08.05.2024 kl. 11.10 skrev {_WHO}:", ("Fra", "Sendt", "Til", "Emne"), "Oprindelig meddelelse", "Sendt fra min iPhone"),
    Language("fi", ("Kiitos, tämä sopii meille.", "Tilatkaa kaksitoista kappaletta.", "Voitteko tarkistaa laskun?"), f"ke 8. toukok. 2024 klo 11.10 {_WHO} ({_ADDRESS}) kirjoitti:", f"{_BOTH} kirjoitti 8.5.2024 kello 11.10:", f"{_WHO} kirjoitti 8.5.2024 klo 11.10:", ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"), "Alkuperäinen viesti", "Lähetetty iPhonesta"),
    Language("cs", ("Děkuji, to nám vyhovuje.", "Objednejte prosím dvanáct kusů.", "Můžete také zkontrolovat fakturu?"), f"st 8. 5. 2024 v 11:10 odesílatel {_BOTH} napsal:", f"8. 5. 2024 v 11:10, {_BOTH}:", f"Dne 08. 05. 24 v 11:10 {_WHO} napsal(a):", ("Od", "Odesláno", "Komu", "Předmět"), "Původní zpráva", "Odesláno z iPhonu"),
    Language("ru", ("Спасибо, нам подходит.", "Закажите двенадцать штук.", "Проверьте, пожалуйста, счёт."), f"ср, 8 мая 2024 г. в 11:10, {_BOTH}:", f"8 мая 2024 г., в 11:10, {_BOTH} написал(а):", f"08.05.2024 11:10, {_WHO} пишет:", ("От", "Отправлено", "Кому", "Тема"), "Исходное сообщение", "Отправлено с iPhone"),
    Language("ja", ("ありがとうございます。", "十二個注文してください。", "請求書も確認していただけますか。"), f"2024年5月8日(水) 11:10 {_BOTH}:", f"2024/05/08 11:10、{_BOTH}のメール:", f"On 2024/05/08 11:10, {_WHO} wrote:", ("差出人", "送信日時", "宛先", "件名"), "元のメッセージ", "iPhoneから送信"),
    Language("zh", ("谢谢，这个可以。", "请订购十二个。", "请再检查一下发票。"), f"{_BOTH} 于2024年5月8日周三 11:10写道：", f"在 2024年5月8日，11:10，{_BOTH} 写道：", f"在 2024/5/8 11:10, {_WHO} 写道:", ("发件人", "发送时间", "收件人", "主题"), "原始邮件", "发自我的iPhone"),
    Language("tr", ("Teşekkürler, bize uyar.", "Lütfen on iki adet sipariş edin.", "Faturayı da kontrol edin lütfen."), f"{_BOTH}, 8 May 2024 Çar, 11:10 tarihinde şunu yazdı:", f"{_BOTH} şunları yazdı (8 May 2024 11:10):", f"8.05.2024 11:10 tarihinde {_WHO} yazdı:", ("Kimden", "Gönderildi", "Kime", "Konu"), "Özgün İleti", "iPhone'umdan gönderildi"),
)  # fmt: skip

QUOTED = ("qwalpha would twelve suit you", "qwbravo the price stays as agreed", "qwcharlie delivery is on Friday")
OLDER = ("qwdelta what does it cost", "qwecho how many do you have")
SIGNATURE = ("Sigfoxtrot Winter", "Siggolf GmbH, Musterweg 1")
_GONE = ("qwalpha", "qwbravo", "qwcharlie", "qwdelta", "qwecho", "Sigfoxtrot", "Siggolf", _ADDRESS, _WHO)

CLIENTS = ("gmail", "apple", "ios", "thunderbird", "outlook", "owa", "outlook-mobile", "yahoo", "proton", "samsung", "spark", "blackberry")  # fmt: skip
UNMARKED = frozenset({"outlook", "owa", "outlook-mobile", "yahoo", "samsung", "blackberry"})
"""Clients that quote without `>`: people answer above."""
SIGNATURES = ("none", "delimiter", "phone")


@dataclass(frozen=True)
class _Plan:
    language: Language
    client: str
    position: str
    depth: int
    signature: str
    wrap: bool


def mails(seed: int = 7, each: int = 2) -> Iterator[Mail]:
    """`each` mails of every client in every language, position, depth and signature drawn by the seed."""
    chance = random.Random(seed)
    for language in LANGUAGES:
        for client in CLIENTS:
            for number in range(each):
                positions = ("top",) if client in UNMARKED else ("top", "bottom", "inline")
                plan = _Plan(language, client, chance.choice(positions), chance.choice((1, 2, 3)), chance.choice(SIGNATURES), chance.random() < 0.5)  # fmt: skip
                yield _mail(plan, number)


def _mail(plan: _Plan, number: int) -> Mail:
    name = f"{plan.language.code}-{plan.client}-{plan.position}-{plan.depth}-{plan.signature}-{number}"
    gone = (*_GONE, *((plan.language.phone,) if plan.signature == "phone" else ()))
    context = ("qwalpha", "qwbravo", "qwcharlie") if plan.position == "inline" else ()
    return Mail(name, _plain(plan), _html(plan), plan.language.said, gone, context)


# ---------------------------------------------------------------------------------------------------------- plain text


def _attribution(plan: _Plan) -> str:
    language = plan.language
    if plan.client in {"apple", "ios", "spark"}:
        return language.apple
    return language.thunderbird if plan.client == "thunderbird" else language.gmail


def _wrapped(line: str) -> list[str]:
    """An attribution as Gmail wraps it: before the address."""
    before, bracket, after = line.partition(" <")
    return [before, f"<{after}"] if bracket else [line]


def _headers(language: Language) -> list[tuple[str, str]]:
    values = (_BOTH, "8 May 2024 11:10", "Kim Winter <kim@example.org>", "qwalpha offer")
    return list(zip(language.labels, values, strict=True))


def _old(plan: _Plan) -> list[list[str]]:
    """The quoted message by depth: what was said last comes first."""
    return [list(QUOTED), list(OLDER), ["qwecho hello"]][: plan.depth]


def _signature(plan: _Plan) -> list[str]:
    match plan.signature:
        case "delimiter":
            return ["", "-- ", *SIGNATURE]
        case "phone":
            return ["", plan.language.phone]
        case _:
            return []


def _quote_lines(plan: _Plan) -> list[str]:
    lines: list[str] = []
    for depth, old in enumerate(_old(plan), start=1):
        mark = ">" * depth + " "
        if depth > 1:
            lines += [f"{'>' * (depth - 1)}", f"{'>' * (depth - 1)} {plan.language.gmail}", f"{'>' * (depth - 1)}"]
        lines += [mark + line for line in old]
    return lines


def _intro(plan: _Plan) -> list[str]:
    attribution = _attribution(plan)
    return _wrapped(attribution) if plan.wrap and plan.client == "gmail" else [attribution]


def _plain(plan: _Plan) -> str:
    said = plan.language.said
    if plan.client in UNMARKED:
        lines = [*_spaced(said), *_signature(plan), "", *_separator(plan), "", *_unmarked(plan)]
    elif plan.position == "top":
        lines = [*_spaced(said), *_signature(plan), "", *_intro(plan), "", *_quote_lines(plan)]
    elif plan.position == "bottom":
        lines = [*_intro(plan), *_quote_lines(plan), "", *_spaced(said), *_signature(plan)]
    else:
        lines = list(_intro(plan))
        for quoted, answer in zip(QUOTED, said, strict=True):
            lines += [f"> {quoted}", "", answer, ""]
        lines += _signature(plan)
    return "\n".join(lines) + "\n"


def _spaced(said: Sequence[str]) -> list[str]:
    return [said[0], said[1], "", said[2]]


def _unmarked(plan: _Plan) -> list[str]:
    return [line for old in _old(plan) for line in [*old, ""]]


def _separator(plan: _Plan) -> list[str]:
    """What stands above the message that is answered, where its lines carry no marks."""
    language = plan.language
    headers = [f"{label}: {value}" for label, value in _headers(language)]
    bold = [f"*{label}:* {value}" for label, value in _headers(language)]
    match plan.client:
        case "outlook":
            return bold if plan.wrap else headers
        case "owa" | "outlook-mobile":
            return ["_" * 32, *headers]
        case "yahoo":
            return [f"On Wednesday, May 8, 2024 at 11:10:00 AM GMT+2, {_BOTH} wrote:"]
        case "samsung":
            return [f"-------- {language.original} --------", *headers]
        case _:
            return [f"-----{language.original}-----", *headers]


# ---------------------------------------------------------------------------------------------------------------- HTML


def _divs(lines: Sequence[str]) -> str:
    return "".join(f"<div>{escape(line)}</div>" if line else "<div><br></div>" for line in lines)


def _nested(plan: _Plan, opening: str) -> str:
    html = ""
    for old in reversed(_old(plan)):
        inner = f"<br><div>{escape(plan.language.gmail)}</div>{html}" if html else ""
        html = f"{opening}{_divs(old)}{inner}</blockquote>"
    return html


def _html_signature(plan: _Plan) -> str:
    if plan.signature == "none":
        return ""
    lines = _divs(SIGNATURE if plan.signature == "delimiter" else (plan.language.phone,))
    match plan.client:
        case "gmail":
            return f'<br clear="all"><div><br></div><span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature">{lines}</div>'
        case "apple" | "ios":
            return f'<div><br></div><div id="AppleMailSignature" dir="ltr">{lines}</div>'
        case "thunderbird":
            return (
                f'<pre class="moz-signature" cols="72">-- \n{escape(chr(10).join(SIGNATURE))}</pre>'
                if plan.signature == "delimiter"
                else lines
            )
        case "outlook-mobile":
            return f'<div id="ms-outlook-mobile-signature">{lines}</div>'
        case "owa":
            return f'<div id="x_Signature">{lines}</div>'
        case "proton":
            return f'<div class="protonmail_signature_block">{lines}</div>'
        case "spark":
            return f'<div name="messageSignatureSection">{lines}</div>'
        case _:
            return f"<div><br></div>{_divs(('-- ', *SIGNATURE)) if plan.signature == 'delimiter' else lines}"


_OPENINGS = {
    "gmail": '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">',
    "proton": '<blockquote class="protonmail_quote" type="cite">',
}
_CITE = '<blockquote type="cite">'


def _html(plan: _Plan) -> str:
    top = _divs(_spaced(plan.language.said)) + _html_signature(plan)
    attribution = escape(_attribution(plan))
    opening = _OPENINGS.get(plan.client, _CITE)
    if plan.client in UNMARKED:
        return f"<html><head><style>p{{margin:0}}</style></head><body>{top}{_html_unmarked(plan)}</body></html>"
    match plan.client:
        case "gmail":
            intro = f'<div dir="ltr" class="gmail_attr">{attribution}<br></div>'
        case "thunderbird":
            intro = f'<div class="moz-cite-prefix">{attribution}<br></div>'
        case _:
            intro = f"<div>{attribution}<br></div>"
    if plan.position == "top":
        quote = intro + _nested(plan, opening)
    elif plan.position == "bottom":
        return f"<body>{intro}{_nested(plan, opening)}<br>{top}</body>"
    else:
        quote = intro + "".join(
            f"{opening}<div>{quoted}</div></blockquote><div>{escape(answer)}</div>"
            for quoted, answer in zip(QUOTED, plan.language.said, strict=True)
        )
        return f'<body><div class="gmail_quote">{quote}</div>{_html_signature(plan)}</body>'
    wrapper = {
        "gmail": 'class="gmail_quote"',
        "proton": 'class="protonmail_quote"',
        "spark": 'name="messageReplySection"',
    }
    return f"<body>{top}<br><div {wrapper.get(plan.client, '')}>{quote}</div></body>"


def _html_unmarked(plan: _Plan) -> str:
    headers = "<br>".join(f"<b>{escape(label)}:</b> {escape(value)}" for label, value in _headers(plan.language))
    old = _divs(_unmarked(plan))
    match plan.client:
        case "outlook":
            return (
                '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
                f'<p class="MsoNormal">{headers}</p></div></div><p class="MsoNormal">&nbsp;</p>{old}'
            )
        case "owa":
            return f'<hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr">{headers}</div><div>{old}</div>'
        case "outlook-mobile":
            return f'<div id="mail-editor-reference-message-container"><hr><div>{headers}</div>{old}</div>'
        case "yahoo":
            intro = f"On Wednesday, May 8, 2024 at 11:10:00 AM GMT+2, {escape(_BOTH)} wrote:"
            return f'<div id="ydp1yahoo_quoted_2" class="yahoo_quoted"><div>{intro}</div>{old}</div>'
        case "samsung":
            return f"<div>-------- {escape(plan.language.original)} --------</div><div>{headers}</div>{old}"
        case _:
            return f"<div>-----{escape(plan.language.original)}-----</div><div>{headers}</div>{old}"


# ------------------------------------------------------------------------------------------------------------- judging


def squeezed(text: str) -> str:
    """A text to compare: white space as one space, without the backslashes of CommonMark."""
    return " ".join(text.replace("\\", "").split())


def judge(mail: Mail, reply: str) -> str:
    """`exact`, `little` (something is left that should go) or `much` (a line of the author's is missing)."""
    whole = squeezed(reply)
    if any(squeezed(line) not in whole for line in mail.said):
        return "much"
    own = "\n".join(line for line in reply.splitlines() if not line.lstrip().startswith(">")) if mail.context else reply
    left = [word for word in mail.gone if squeezed(word) in squeezed(own)]
    return "little" if left else "exact"
