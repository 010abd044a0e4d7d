"""The words by which mail clients announce a quoted message, a forwarded one and a signature, in many languages.

The rule: only whole lines that a client writes by itself stand here. Each pattern is tried on one line of bounded
length, so that no line costs more than its length. What a line *means* where it stands is not decided here.

Not promised: every client in every language. A new one is a word in a list below, and a layout in the tests.
Next stop: :mod:`tieline_email.reply_lines`.
"""

from __future__ import annotations

import re
from typing import Final

_I: Final = re.IGNORECASE

# ------------------------------------------------------------------------------------------------ lines of separation

ABOVE: Final = re.compile(r"[-#=_*]{2,10}\s?.{0,60}\babove this line\b.{0,20}[-#=_*]{2,10}", _I)
"""The line that our own mail begins with (:data:`tieline_email.threads.MARKER`), and those of help desks."""

_FORWARDED_WORDS: Final = (
    r"forwarded message|forwarded by .{1,60}|weitergeleitete (?:nachricht|e-?mail)|message (?:transféré|transmis)"
    r"|(?:mensaje|correo) reenviado|messaggio inoltrato|mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht"
    r"|(?:przekazana wiadomość|wiadomość przekazana dalej)|vidarebefordra[td] (?:meddelande|mejl)"
    r"|videresendt (?:besked|meddelelse|melding|e-post)|(?:edelleenlähetetty|välitetty) viesti"
    r"|přeposlaná zpráva|(?:пересылаемое|пересланное|переадресованное) (?:сообщение|письмо)"
    r"|転送(?:された)?メッセージ|转发的?(?:邮件|信息|消息)|已转发邮件|轉寄郵件|iletilen (?:ileti|mesaj|e-?posta)"
    r"|전달된 메[시세]지"
)
FORWARDED: Final = re.compile(rf"[-=_* ]{{2,40}} ?(?:{_FORWARDED_WORDS}):? ?[-=_* ]{{2,40}}", _I)
"""``---------- Forwarded message ---------``: what follows is content."""

BEGIN_FORWARDED: Final = re.compile(
    r"(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)"
    r"|début du message (?:réexpédié|transféré)"
    r"|inicio del mensaje reenviado|inizio messaggio inoltrato|início da mensagem (?:reenviada|encaminhada)"
    r"|begin doorgestuurd bericht|początek przekazanej wiadomości|vidarebefordrat brev|start på videresendt besked"
    r"|videresendt melding|alkaa välitetty viesti|začátek přeposílané zprávy"
    r"|начало переадресованного (?:сообщения|письма)"
    r"|転送されたメッセージ|下面是被转发的邮件|iletilen ileti başlangıcı) ?[::]",
    _I,
)

_ORIGINAL_WORDS: Final = (
    r"original (?:message|e-?mail|appointment)|ursprüngliche (?:nachricht|e-?mail)|originalnachricht"
    r"|message d.origine|message original|mensaje original|correo original|messaggio originale|mensagem original"
    r"|(?:oorspronkelijk|origineel) bericht|(?:wiadomość oryginalna|oryginalna wiadomość|wiadomość pierwotna)"
    r"|original ?meddelande|ursprungligt (?:meddelande|brev)|original ?(?:meddelelse|besked|melding)"
    r"|(?:oprindelig|opprinnelig) (?:meddelelse|besked|melding)|alkuperäinen viesti|původní (?:zpráva|e-?mail)"
    r"|(?:исходное|первоначальное|оригинальное) (?:сообщение|письмо)|元のメッセージ|original message"
    r"|原始邮件|原邮件|原始郵件|(?:özgün|orijinal) (?:ileti|mesaj)|원본 메[시세]지|mesaj original|reply message"
)
ORIGINAL: Final = re.compile(rf"(?:[-=_*#] ?){{2,40}} ?(?:{_ORIGINAL_WORDS}) ?[::]? ?(?:[-=_*#] ?){{2,40}}", _I)
"""``-----Original Message-----``: what follows is the message that is answered."""

RULE: Final = re.compile(r"_{10,200}|-{10,200}|\u2014{10,200}|(?:- ){10,100}-?|\*{10,200}|={10,200}")
UNDERSCORES: Final = re.compile(r"_{10,200}")

# --------------------------------------------------------------------------------------------------- blocks of headers

_LABELS: Final[dict[str, str]] = {
    "from": (
        "from|von|de|da|van|od|från|fra|lähettäjä|odesílatel|от|от кого|差出人|送信者|发件人|寄件者|kimden"
        "|gönderen|보낸 사람"
        "|보낸사람|від|de la"
    ),
    "date": (
        "sent|date|sent on|gesendet|gesendet am|datum|envoyé|date d.envoi|enviado|enviado el|enviada em"
        "|enviado em|fecha|inviato|data"
        "|verzonden|verstuurd|wysłano|wysłane|skickat|skickades|sendt|dato|lähetetty|päivämäärä|päiväys"
        "|odesláno|отправлено|дата"
        "|送信日時|日時|日付|发送时间|发送日期|日期|寄件日期|時間|gönderildi|gönderme tarihi|tarih|보낸 날짜"
        "|보낸날짜|надіслано"
    ),
    "to": (
        "to|an|à|pour|para|a|per|aan|do|till|til|vastaanottaja|komu|кому|宛先|收件人|收件者|kime|alıcı|받는 사람"
        "|받는사람"
    ),
    "subject": (
        "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|temat|ämne|emne|aihe|předmět|тема|件名|主题"
        "|主旨|主題|konu|제목"
    ),
    "other": (
        "cc|bcc|kopie|kopia|kopi|copie|copia|dw|udw|kopio|копия|抄送|副本|bilgi|reply-to|antwort an|importance"
        "|priority"
        "|wichtigkeit|attachments|anlagen|pièces jointes|организация|organization|mailed-by|参照|참조"
    ),
}  # fmt: skip
LABEL_OF: Final[dict[str, str]] = {label: kind for kind, labels in _LABELS.items() for label in labels.split("|")}
"""What kind of header a label is, by its lower-case text (``date d.envoi`` with its apostrophe as a dot)."""

LABEL_LINE: Final = re.compile(
    r"[*_]{0,2}\s{0,2}([^\W\d_][^:：*\n@<>]{0,22}?)\s{0,2}[*_]{0,2}\s{0,2}[:：][*_]{0,2}\s*(.*)"
)

FORWARD_SUBJECT: Final = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|i|inoltra|enc|res-enc|doorst|pd|vb|vs|vl|fs|přep|пер|fw|転送|转发|轉寄"
    r"|ilt)\s*(?:\[\d+\])?\s*[::]",
    _I,
)

# -------------------------------------------------------------------------------------------------------- attributions

VERB: Final = re.compile(
    r"\b(?:wrote|writes|schrieb|schreibt|a écrit|écrivait|écrit|escribió|ha escrito|scritto|scrive|escreveu|schreef"
    r"|geschreven|napisał(?:\(a\)|a)?|pisze|skrev|skriver|kirjoitti|napsal(?:\(a\)|a)?|píše|написал(?:\(а\)|а)?"
    r"|пишет|писал(?:\(а\)|а)?|написав(?:\(ла\))?|пише|yazdı|yazmış|a scris)(?=\W|$)|写道|寫道|さんは書きました"
    r"|のメール|書きました"
    r"|님이 작성|님이 쓴 글|dodał",
    _I,
)

_WEEKDAYS: Final = (
    r"mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|mié|mie|jeu|jue|ven|vie|sam|sáb|sab|dim|dom|gio"
    r"|seg|ter|qua|qui|sex|ma|wo|vr|za|zo|pon|wt|śr|czw|pt|sob|niedz|mån|tis|ons|tor|tors|fre|lör|sön|man|tir|lør|søn"
    r"|ke|ti|to|pe|la|su|po|út|st|čt|pá|so|ne|пн|вт|ср|чт|пт|сб|вс|pzt|sal|çar|per|cum|cmt|paz"
)
OPENER: Final = re.compile(
    r"[\"'“]?(?:on|in a message dated|am|le|el|il(?: giorno)?|em|op|w dniu|dnia|den|dne|no dia"
    r"|wiadomość napisana przez)\s|于|於|在"
    r"|[^\W\d_][^!?:;<>@\n]{0,60} kirjoitti \d"
    rf"|(?:{_WEEKDAYS})[a-zäöåéúüа-я]{{0,8}}\.?,?\s|\d",
    _I,
)
"""How an attribution begins, other than with a name and an address."""

NAME_FIRST: Final = re.compile(
    r"[\"'“]?[^\W\d_][^!?:;<>@\n]{0,60}[\"'”]?\s?[<(\[][^\s<>@()]{1,64}@[^\s<>@()]{1,190}"
    r"[>)\]]\s?(?:,|[:：]|於|于|님이|さん|\d|"
    r"(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|napisał|skrev|kirjoitti|napsal|пишет"
    r"|(?:şunları |şunu )?yazdı))",
    _I,
)
ADDRESS: Final = re.compile(r"[^\s<>()\[\]@]{1,64}@[^\s<>()\[\]@:]{1,190}")
TIME: Final = re.compile(r"\d{1,2} ?[:.h時时点點시] ?\d{2}")
DATE: Final = re.compile(
    r"\b(?:19|20)\d{2}\b|\d{4}\s?[年년]|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.? [^\W\d_]{3,12}"
    r"|[^\W\d_]{3,10}\.? \d{1,2}\b"
)
COLON_END: Final = re.compile(r"[:：]\s*$")

# ---------------------------------------------------------------------------------------------------------- signatures

DELIMITER: Final = re.compile(r"--\s?")

_PRODUCTS: Final = (
    r"iphone|iphon\w{1,3}|ipad|ipod|ios|android|samsung|galaxy|blackberry|outlook|hotmail|windows|yahoo|gmail"
    r"|proton ?mail|protonmail"
    r"|spark|huawei|xiaomi|redmi|pixel|nokia|sony|xperia|motorola|oneplus|oppo|htc|lg|k-9|fairmail|thunderbird"
    r"|tutanota|tuta"
    r"|apple watch|airmail|bluemail|aquamail|aol|gmx|web\.de|mail\.ru|zimbra|verizon"
    r"|t-mobile|at&t"
    r"|mobile(?: device| phone)?|mobil(?:e|en?|telefon(?:en)?|gerät|ní(?:ho)?)?|smartphone|handy|tablet|device"
    r"|phone|cell"
    r"|móvil|movil|celular|téléphone|portable|cellulare|telemóvel|telefoon|telefonu?|puhelime\w*|мобильн\w*"
    r"|телефон\w*|почт\w*"
    r"|cihaz\w*|telefon\w*|superhuman|fastmail|mailspring|em client|mailbird"
)
_SENT: Final = (
    r"sent (?:from|with|via|using|by)|von mein\w+|gesendet (?:von|mit|über|aus)|diese nachricht wurde von"
    r"|envoyé (?:de|depuis|à partir|avec|via)"
    r"|enviado (?:desde|do|de|com|con|a partir)|enviada (?:desde|do|de)|inviat[oa] (?:da|dal|con|tramite)"
    r"|verzonden (?:vanaf|met|via|vanuit)|verstuurd (?:vanaf|met|via)|wysłan[eo] z|skickat (?:från|med)"
    r"|sendt (?:fra|med)|lähetetty|odesláno (?:z|ze)|posláno z|отправлено (?:с|из|от)"
    r"|發自|发自我?的?|從我的|从我的|来自我?的?|iphone ?から送信|ipad ?から送信|から送信|iphone(?:'| )?(?:umdan"
    r"|dan) gönderildi|나의"
)
_GET: Final = (
    r"(?:get|hol\w*|laden sie|obt\w+|télécharge\w*|ottieni|scarica|download|pobierz|hämta|hent|skaff|hanki"
    r"|získat|získejte|скачать"
    r"|установить|получить|下载|取得|获取)? ?(?:die )?outlook (?:for|für|pour|para|per|voor|dla|för|til|до|для|pro"
    r"|til|til)? ?(?:ios|android|mac)"
    r"(?: (?:beziehen|herunterladen|downloaden|を入手))?(?:<https?://[^\s<>]{1,400}>|\[\d+\])?\.?"
)
_AFTER_PRODUCT: Final = (
    r"[\w-]*\d[\w-]*|mail|e-?mail|app|for|on|für|auf|pour|sur|para|per|su|voor|op|dla|na|för|till|til|для|на|lte"
    r"|plus|pro|max"
    r"|mini|ultra|edge|note|secure|mobile"
)
MOBILE: Final = re.compile(
    rf"(?:(?:{_SENT}) ?(?:[^\s.!?:;]{{1,20}} ){{0,4}}(?:{_PRODUCTS})(?:['’]?[a-z]{{1,3}})?"
    rf"(?: (?:{_AFTER_PRODUCT}|{_PRODUCTS})){{0,6}}(?: ?<https?://[^\s<>]{{1,400}}>|\[\d+\])?\.?"
    rf"|{_GET}"
    r"|(?:iphone|ipad|android)(?: ?から送信|'?(?:umdan|dan|imden) gönderildi)|(?:发自|來自|来自"
    r"|發自)我?的? ?[a-z][a-z0-9 ]{1,20}"
    r"|(?:mein|my|mon|mi) (?:iphone|ipad) (?:gesendet|sent)|von mein\w+ [\w\- ]{2,40} gesendet"
    r"|.{2,30} cihazımdan gönderildi)",
    _I,
)
"""``Sent from my iPhone``, ``Get Outlook for iOS<…>``: a whole line that names a product."""

NOTE: Final = re.compile(r".*[?？]|\s*(?:p\.? ?s\.?|n\.? ?b\.?|ps)\b.*", _I)
"""What a person adds below a signature, so that it is none."""

_CONFIDENTIAL: Final = re.compile(
    r"confidential|vertraulich|confidentiel|confidencial|riservat|confidenziali|vertrouwelijk|poufn|konfidenti"
    r"|fortrolig"
    r"|luottamuksel|důvěrn|конфиденциальн|机密|保密|機密|gizli",
    _I,
)
_INTENDED: Final = re.compile(
    r"intended (?:only |solely )?(?:for|recipient)|intended recipient|addressee|(?:nicht der richtige"
    r"|vorgesehene\w*) (?:adressat|empfänger)|irrtümlich erhalten"
    r"|destinataire|destinatari|geadresseerde|adresat|avsedd|mottag|modtager|tiltenkt|vastaanottaj|příjemc"
    r"|адресат|получател|收件人|受信者|alıcı",
    _I,
)
_LEGAL_START: Final = re.compile(
    r"[*_ ]{0,3}(?:confidentiality notice|disclaimer|legal notice|this (?:e-?mail|message|communication"
    r"|transmission)|the (?:information|contents?)"
    r"|diese (?:e-?mail|nachricht)|ce (?:message|courriel|mail)|cet e-?mail|este (?:mensaje|correo)"
    r"|est[ae] (?:mensagem|e-?mail)|(?:questo|il presente) (?:messaggio|e-?mail)|questa e-?mail"
    r"|dit (?:bericht|e-?mail)|deze e-?mail|niniejsz\w+|ta wiadomość|detta (?:meddelande|mejl|e-post)"
    r"|denne (?:mail|e-?mail|meddelelse|e-post)|tämä (?:viesti|sähköposti)|tento e-?mail|tato zpráva"
    r"|(?:это|данное) (?:сообщение|письмо)|本邮件|本メール|bu (?:e-?posta|ileti|mesaj))",
    _I,
)
_LEGAL_LENGTH: Final = 100


def is_disclaimer(paragraph: str) -> bool:
    """True of a paragraph that opens, names secrecy and names an addressee as lawyers do; short ones are talk."""
    text = paragraph[:4_000]
    return (
        len(paragraph) >= _LEGAL_LENGTH
        and _LEGAL_START.match(text) is not None
        and _CONFIDENTIAL.search(text) is not None
        and _INTENDED.search(text) is not None
    )


LIST_FOOTER: Final = re.compile(
    r".{1,80} mailing list|you received this (?:message|email) because you(?: are|'re) .{4,120}"
    r"|to unsubscribe from this (?:group|list|thread)\b.{0,160}|https?://\S{1,200}/mailman\d?/\S{1,200}",
    _I,
)

INLINE_HINT: Final = re.compile(
    r"\b(?:in-?line|(?:see|answers?|comments?|replies|reply|responses?|notes?|my \w+) (?:are |is )?below"
    r"|in (?:red|blue|green)"
    r"|siehe unten|weiter unten|in rot|in blau|unten im text|ci-dessous|en rouge|en bleu|más abajo|abajo"
    r"|en rojo|di seguito|qui sotto|in rosso"
    r"|abaixo|em vermelho|hieronder|in het rood|poniżej|na czerwono|nedan|nedenfor|i rött|i rødt|alla olevassa"
    r"|alempana|níže|červeně|ниже|красным"
    r"|aşağıda|kırmızı)\b|以下に|下記|下面|如下|見下",
    _I,
)
"""An author who says that the answers stand in the quoted text, which then is not cut where it carries no marks."""
