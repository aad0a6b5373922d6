"""What a sentence of a letter is about: the words of appeals, of other proceedings, and of whose act a verb tells."""

from __future__ import annotations

import re
from typing import Final

FILE: Final = re.compile(
    r"\byou (?:must|may|can|have|need|should|get|are allowed|will have)\b|\byou(?:'ve|"
    r" have) (?:up to )?|\b(?:may|can|must|to|should) (?:appeal|ask|request|file|submit|send|"
    r"dispute|seek)\b|"
    r"\b(?:must|should|has to|have to|needs? to|may|can|is to|are to) (?:be (?:received|postmarked|filed|sent|submitted|made|"
    r"mailed|in|with us|requested|started|asked|lodged|faxed|delivered)|reach|get to|get here|arrive|come)|"
    r"\bwe (?:must|need to|have to) (?:receive|get|have)\b|\bso that (?:we (?:have|get|receive)|it (?:reaches|arrives))\b|"
    r"\b(?:ask|file|apply|write|dispute|lodge|postmarked|requested)\b|(?<!your )(?<!an )(?<!the )(?<!this )(?<!our )(?<!any )"
    r"(?<!fast )(?<!plan )(?<!each )(?<!member )(?<!urgent )(?<!internal )(?<!standard )"
    r"(?<!expedited )(?<!level )\bappeal\b|\bright to\b|\bdeadline\b|\btime limit\b|\b(?:time|last day|"
    r"limit) to appeal\b|\bappeals? (?:window|"
    r"period)\b|\bsubmit(?:ted)?\b|\bsend\b|\bdo (?:it|this|so)\b|"
    r"\bwe (?:get|receive|have) (?:it|your)\b|\btell us\b|\b(?:member|enrollee|patient)s? (?:may|has|have|can|must)\b|"
    r"\b(?:apelar|presentar|solicitar|pedir|usted (?:tiene|puede|debe)|tiene|plazo)\b",
    re.IGNORECASE,
)
DECIDE: Final = re.compile(
    r"\b(?:we|the plan|plan|reviewer|payer|it|they|committee)(?:\swill|\smust|\scan|\sshall|\susually|"
    r"\sthen)? (?:decide|answer|respond|reply|give|tell|let you know|resolve|complete|notify|make|"
    r"issue|mail you|send you|write (?:back|to you)|act|acknowledge)\w*|\bwrite back\b|\b(?:panel|committee|reviewer) decides?\b|"
    r"\bdecision (?:follows|is due)\b|\bhave (?:the|our|an|a|your) (?:result|answer|decision)\b|"
    r"\bwe'll\b|\bdecision (?:within|in|is|will)|\banswer(?:ed)? (?:in|within|takes)|"
    r"\banswer takes\b|\b(?:appeals? )?(?:is|are|be) (?:decided|answered|resolved|completed)\b|"
    r"\breview takes\b|\btakes?\b|\bfrom us\b|\bextend\w*\b|"
    r"\b(?:we|the plan) (?:have|has|need|may have|get)\b(?! (?:it|your|them|to (?:get|receive|have))\b)|"
    r"\b(?:get|receive|expect|see) (?:a|an|our|"
    r"the) (?:\w+ )?(?:answer|decision|response|letter|reply)\b|"
    r"(?<!appeal )(?<!dispute )(?<!challenge )(?<!contest )(?<!reconsider )(?<!agree with )\bour (?:answer|decision|"
    r"response|"
    r"reply)\b|\b(?:decidiremos|responderemos|contestaremos|tomaremos|le daremos|resolveremos)\b",
    re.IGNORECASE,
)
OTHER: Final = re.compile(
    r"\b(?:speak|talk|peer|call(?:ing)?|phone) (?:with|to)\b|\bpeer-to-peer\b|\bbring a\b|"
    r"\bsu(?:e|it)\b|\bcorrected claim\b|\bresubmit\b|\bpay\b|\brefund\b|\bprovide\b|"
    r"\b(?:send|submit|give|provide|get|supply) (?:us )?(?:the |any |more |additional |missing |"
    r"these |your )*(?:medical )?(?:records|information|documents?|notes|paperwork|"
    r"documentation)\b|\bkeep\b|\bcontinu\w+\b|\bgrievance\b|\bcomplaint\b",
    re.IGNORECASE,
)
NEXT_LEVEL: Final = re.compile(
    r"\bexternal\b|\boutside review\b|\bindependent\b|\bfair hearing\b|\bhearing\b|\bcourt\b|"
    r"\bcivil action\b|\bsecond[- ]level\b|\blevel (?:2|two|ii)\b|\bsecond appeal\b|"
    r"\bnext level\b|\blater levels\b|\bafter (?:the|our|your) (?:plan |final |"
    r"internal )?(?:appeal|answer|decision)\b|\bwhat happens next\b|\b(?:IU?RO|OPM|ALJ|IMR|QIC)\b|\blawsuit\b|\barbitrat\w+|"
    r"\bstate review\b|\bjudge\b|\bthe exchange\b|\bsecond,? (?:voluntary |"
    r"optional )?(?:level )?(?:of )?(?:appeal|review)\b|\baudiencia\b|\brevisi[o\u00f3]n (?:externa|"
    r"independiente)\b",
    re.IGNORECASE,
)
APPEAL: Final = re.compile(
    r"\bappeal|\breconsider|\bredetermin|\bdisagree|\bdo(?:n't| not) agree|\blook (?:at (?:it|"
    r"this) )?again|\breviews? (?:of|our|this)|\b(?:request|ask for|asking for|seek) (?:a|the|your|"
    r"an) (?:\w+ ){0,3}?(?:review|second look)\b|"
    r"\bdispute|\bhow to ask\b|\bwrong(?:ly)?\b|\bmistake\b|\bchallenge|\bcontest\b|\bthink again\b|"
    r"\bapela|\bno est[a\u00e1] de acuerdo\b|\breconsidera",
    re.IGNORECASE,
)
DENIED_LIMIT: Final = re.compile(
    r"(?:\bnot have\b|n't have\b|\bno longer\b(?! than)|\binstead of\b|\brather than\b|\bused to\b|"
    r"\bnot\b(?! (?:later|more) than)|\bno more\b(?! than)|\bpreviously\b|\bwas\b|\bwere\b|\bold\b|"
    r"\bformer\b|\bnever\b)[^.;,]{0,24}$",
    re.IGNORECASE,
)

NOT_OURS: Final = re.compile(
    r"\b(?:(?:peer|doctor|physician|clinician)[- ]to[- ](?:peer|doctor|physician|clinician)|"
    r"between (?:physicians|doctors|clinicians)|keep your|continu\w+ (?:of )?(?:benefits|services|care)|"
    r"while you wait|grievances?|complaints?|corrected claims?|"
    r"(?:provider|practitioner|prescriber|physician|facility)(?:'s|s)? (?:appeals?|disputes?|portal|reconsiderations?)|"
    r"providers?:|disputes? must|claims? (?:filing|submission)|"
    r"timely filing|retro-?authorization|premium|"
    r"enrollment|cobra|prior authorization requests?|formulary exception|tax credits?|"
    r"another format|otro formato|esta carta en|collections?|"
    r"quality of care|date of service|(?:its|their|another) decision)\b|\bfor (?:physicians|doctors|providers|"
    r"prescribers|clinicians)\b",
    re.IGNORECASE,
)
"""Proceedings that are not the member's appeal; a clause that names one sets no deadline to appeal."""

NOT_OUR_HEADING: Final = re.compile(
    r"\b(?:(?:peer|doctor|physician|clinician)[- ]to[- ](?:peer|doctor|physician|clinician)|"
    r"keep(?:ing)? (?:your|the|getting|services|benefits|care)|continu\w+|complaints?|"
    r"claims? (?:filing|submission)|"
    r"(?:for|to|by) (?:the |your |a )?(?:\w+ )?(?:provider|prescriber|doctor|physician|clinician|facility|hospital)s?|"
    r"provider (?:appeal|dispute|"
    r"right)\w*|^providers?:?$|(?:send|more|medical) records|"
    r"while you wait|information we need|act for you|representative|other (?:help|languages))\b|"
    r"(?<!/)\bgrievances?\b(?! (?:and|&|or) appeals?)",
    re.IGNORECASE,
)
_PROVIDERS: Final = re.compile(
    r"\b(?:(?:network|participating|contracted|non-?contract\w*|in-network|"
    r"treating|your|the)\s)?(?:providers?|facilities|hospitals|pharmacies|doctors?|physicians?|prescribers?|clinicians?|"
    r"practitioners?|employers?|plan sponsors?),? (?:only |alone |also )?(?:may|can|must|have|has|who|should)\b|"
    r"\bfor providers\b|\b(?:provider|practitioner) (?:dispute|appeal|reconsideration)s?\b|\bparticipation agreement\b|"
    r"\bif you(?:'re| are) (?:an?|the) (?:[\w-]+ ){0,2}(?:provider|physician|facility|practitioner|pharmacy|hospital)\b",
    re.IGNORECASE,
)


def is_for_providers(text: str) -> bool:
    """Whether a text gives a right to those who treat, and not (also) to the member."""
    provider = _PROVIDERS.search(text)
    return provider is not None and not re.search(
        r"\b(?:you|member|enrollee|patient)s?\b[^.;]{0,90}$",
        re.sub(r"^if you(?:'re| are)\b", "", text[: provider.end()], flags=re.IGNORECASE),
        re.IGNORECASE,
    )


RECORDS: Final = re.compile(
    r"\b(?:send|submit|supply|provide|fax|give|forward|need)\w*\b[^.;]{0,40}\b(?:records?|information|documents?|notes|paperwork|"
    r"documentation|evidence|chart)\b|\bask (?:the )?records\b|\bif you want (?:them|copies|the file|your file)\b|"
    r"\bask for them\b|\bwant your (?:\w+ )?file\b|\b(?:ask|request)\w*\b[^.;]{0,20}\bcop(?:y|ies)\b|"
    r"\bname (?:a|your) representative\b",
    re.IGNORECASE,
)

PEERS: Final = re.compile(
    r"\b(?:peer|doctor|physician|clinician)[- ]to[- ](?:peer|doctor|physician|clinician)\b|"
    r"\bbetween (?:physicians|doctors|clinicians)\b|"
    r"\b(?:speak|talk|discuss|discussion|conversation|call)\b[^.]{0,60}\b(?:our (?:\w+ )?(?:physician|doctor|reviewer)|"
    r"(?:the|an?) (?:\w+ )?(?:reviewer|(?:reviewing|plan|\w+) doctor|reviewing physician)|medical director|with ours)\b",
    re.IGNORECASE,
)
WITH_DOCTOR: Final = re.compile(
    r"\b(?:Dr\. [^.;]{2,30}|(?:your|the|treating) (?:doctor|physician|provider|prescriber))\b[^.;]{0,30}\b"
    r"(?:call|talk|speak|discuss)\w*\b[^.;]{0,60}\bwith "
    r"(?:Dr\b|our (?:\w+ )?(?:physician|doctor|reviewer|medical director)|an? reviewer|the reviewer)",
    re.IGNORECASE,
)
