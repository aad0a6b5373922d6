"""The phrases by which letters give each reason for refusing, as patterns; `reasons.py` judges the clause around them.

Each pattern is written for a clause that affirms something. Keys are those of `data/denial_reasons.json`.
"""

from __future__ import annotations

import re
from typing import Final

_RECORDS: Final = (
    r"(?:records?|notes?|chart|documentation|information|paperwork|statement|letter from your \w+|"
    r"documents|forms?)"
)


def _phrases(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


PHRASES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "experimental_investigational",
        _phrases(
            r"\b(?:is|are|be|been|as|it|considered|deemed|regarded as|classified as|remains?|treatment|"
            r"service|use) (?:considered |deemed |regarded as |viewed as |"
            r"to be )?(?:an? )?(?:experimental|investigational|unproven)\b",
            r"\bexperimental(?:,)? (?:or|and|and/or|/) (?:investigational|unproven)\b",
            r"\bexperimental/investigational\b",
            r"\b(?:has|have) not been (?:proven|shown to be) (?:safe and )?effective\b",
            r"\bnot proven (?:safe and )?effective\b|\bunproven for\b",
        ),
    ),
    (
        "medical_necessity",
        _phrases(
            r"\bnot (?:\w+ ){0,2}medically necessary\b",
            r"\b(?:does|do|did) not (?:meet|satisfy|fulfill)\b[^.;]{0,70}\bmedical(?:ly)? necess(?:ary|"
            r"ity)\b",
            r"\b(?:does|do|did) not (?:show|demonstrate|establish|support|"
            r"prove)\b[^.;]{0,60}\b(?:reasonable and necessary|medical(?:ly)? necess(?:ary|ity))\b",
            r"\bnot (?:considered |deemed )?(?:to be )?reasonable and necessary\b",
            r"\bmedical necessity (?:criteria )?(?:has|have|was|were|is|are) not (?:been )?(?:met|"
            r"established|shown|supported|demonstrated)\b",
            r"\black(?:s|ing)? (?:of )?medical necessity\b",
            r"\bcould not (?:tell|determine|confirm) that [^.;]{0,60}\b(?:needed|necessary)\b",
        ),
    ),
    (
        "step_therapy",
        _phrases(
            r"\bstep[- ]therapy (?:requirements?|rules?|criteria|protocol)?\s?(?:was|were|is|are|has|"
            r"have) not (?:been )?(?:met|satisfied|completed)\b",
            r"\b(?:does|do|did) not (?:meet|satisfy)\b[^.;]{0,40}\bstep[- ]therapy\b",
            r"\b(?:has|have|had) not (?:yet )?(?:tried|failed|completed a trial of)\b",
            r"\byou (?:must|need to|have to) (?:first )?(?:try|have tried)\b|\bmust first (?:try|"
            r"be tried)\b|\bmust be tried (?:first|before)\b",
            r"\bfail[- ]first (?:requirement|rule)\b",
            r"\brecords? must show (?:at least )?(?:two|three|four|\d)\b[^.;]{0,40}\b(?:antidepressants?|"
            r"drugs|medicines|medications|treatments|therapies|trials)\b",
            r"\b(?:other|preferred|covered) (?:covered )?(?:drugs?|alternatives?|medicines?|"
            r"medications?)\b[^.;]{0,60}\b(?:would not work|(?:have|has|were|was) not (?:been )?tried)\b",
        ),
    ),
    (
        "no_prior_auth",
        _phrases(
            r"\bno (?:prior |advance )?(?:authorization|precertification|pre-?authorization|pre-?approval|"
            r"approval|notification)(?: or (?:authorization|notification|"
            r"approval))?\b[^.;]{0,40}\b(?:on file|obtained|received|requested|found)\b",
            r"\b(?:prior authorization|precertification|pre-?authorization|authorization|"
            r"pre-?approval) (?:was|were|is|has) (?:not|never) (?:been )?(?:obtained|requested|received|"
            r"on file|secured)\b",
            r"\bwithout (?:the required |required )?(?:prior authorization|precertification|"
            r"pre-?authorization|pre-?approval)\b",
        ),
    ),
    (
        "auth_mismatch",
        _phrases(
            r"\bexceeds? (?:the )?(?:authorized|approved) (?:units|visits|days)\b",
            r"\b(?:does|do|did) not match (?:the|your|our) (?:authorization|approval|authorized)\b",
            r"\bdiffers? from (?:the|what was) (?:authorization|authorized)\b",
        ),
    ),
    (
        "out_of_network",
        _phrases(
            r"\b(?:is|was|are|were) (?:an? )?(?:out[- ]of[- ]network|non-?participating)\b",
            r"\b(?:is|was|are|were) not (?:in|part of|a (?:member|part) of) (?:our|the|"
            r"your plan's) network\b|\b(?:is|was) not a participating provider\b",
            r"\bno referral (?:is |was )?on file\b|\bout[- ]of[- ]network (?:benefits|services|"
            r"care) (?:do|does|are|is) not\b",
        ),
    ),
    (
        "quantity_frequency_limit",
        _phrases(
            r"\b(?:exceeds?|more than|over|above) (?:the |our |your )?(?:plan )?[^.;,]{0,30}\b(?:quantity|"
            r"frequency|visit|session|unit|dos(?:e|age)|day)s? (?:limit|maximum|allowance)s?\b",
            r"\b(?:quantity|frequency) (?:of [^.;,]{0,30} )?(?:is|was) (?:not supported|over|above|"
            r"more than)\b",
            r"\bmaximum (?:number of )?(?:visits|sessions|units|days) (?:has|have|was|were|"
            r"is) (?:been )?(?:reached|used|exceeded)\b",
            r"\b(?:weekly|daily|monthly|more frequent) (?:visits|sessions|doses|infusions) after (?:week|"
            r"month|visit|session) \d+ need\b",
        ),
    ),
    (
        "non_formulary",
        _phrases(
            r"\bnot (?:on|in|listed on|included on|included in|part of) (?:our|the|your plan's|the plan's|"
            r"this plan's) (?:list of covered drugs|formulary|drug list|covered drug list|"
            r"preferred drug list)\b",
            r"\b(?:is|was|are) (?:a )?non-?formulary\b",
        ),
    ),
    (
        "not_medically_accepted_indication",
        _phrases(
            r"\bnot (?:for |prescribed for )?(?:a |considered a )?medically[- ]accepted (?:indication|"
            r"use)\b",
            r"\bnot a Part D drug\b",
        ),
    ),
    (
        "benefit_exclusion",
        _phrases(
            r"\b(?:is|are|was|were) (?:specifically |expressly )?(?:an )?exclu(?:ded|"
            r"sion)(?: services?)? (?:under|from|by|in)\b",
            r"\b(?:is|are|was) not (?:a )?covered (?:benefits?|services?)\b",
            r"\byour (?:plan|policy|contract|certificate|coverage) (?:excludes|does not cover)\b",
            r"\b(?:is|are) (?:a )?non-?covered (?:benefits?|services?)\b|\bbenefit exclusion\b|"
            r"\bplan exclusion applies\b",
        ),
    ),
    (
        "site_of_care",
        _phrases(
            r"\b(?:place|site|setting) of (?:service|care)\b[^.;]{0,40}\b(?:not (?:approved|covered|"
            r"appropriate|necessary)|inappropriate)\b",
            r"\b(?:can|could|may) (?:safely )?be (?:given|provided|performed|"
            r"done) in a lower[- ]cost (?:setting|site)\b",
            r"\bhospital outpatient (?:setting|department|site) (?:is|was) not (?:approved|necessary|"
            r"covered)\b",
        ),
    ),
    (
        "level_of_care",
        _phrases(
            r"\bcould be (?:treated|managed) at a lower level of care\b",
            r"\blevel of care (?:criteria )?(?:is|was|were|are) not (?:met|necessary|approved)\b",
        ),
    ),
    (
        "eligibility_termination",
        _phrases(
            r"\b(?:coverage|policy|insurance) (?:was|had|has|is) (?:been )?(?:terminated|ended|lapsed|"
            r"not (?:active|in effect|effective))\b",
            r"\bnot (?:eligible|covered|enrolled) on (?:the )?(?:date|day)s? (?:of service|the service)\b",
        ),
    ),
    (
        "timely_filing",
        _phrases(
            r"\bclaim\b[^.;]{0,30}\b(?:filed|submitted|received) (?:after|outside|beyond|past) (?:the |"
            r"our )?(?:time limit|timely[- ]filing|filing (?:limit|deadline))\b",
            r"\btimely[- ]filing (?:limit|requirement)s? (?:was|were|has|have) (?:not (?:been )?met|"
            r"passed|expired)\b",
        ),
    ),
    ("duplicate", _phrases(r"\b(?:is|was|as) an? (?:exact )?duplicate (?:claim|of)\b")),
    (
        "coordination_of_benefits",
        _phrases(
            r"\b(?:other|another) (?:insurance|coverage|payer|plan) (?:is|may be|"
            r"appears to be) (?:the )?primary\b"
        ),
    ),
    (
        "coding_error",
        _phrases(
            r"\b(?:drug identification number \(NDC\)|NDC)\b[^.;]{0,20}\b(?:is|was) (?:missing|not valid|"
            r"invalid)\b|\bmissing NDC\b",
            r"\b(?:procedure|diagnosis|billing|service) code (?:is|was|submitted is) (?:invalid|not valid|"
            r"inconsistent|incorrect)\b",
            r"\bdiagnosis (?:is |was )?inconsistent with (?:the )?procedure\b|\b(?:billed|"
            r"coded) incorrectly\b|\binvalid (?:procedure |diagnosis )?code\b",
        ),
    ),
    (
        "provider_ineligible",
        _phrases(
            r"\b(?:provider|facility|clinic|prescriber)\b[^.;]{0,30}\b(?:is|was) not (?:credentialed|"
            r"certified|eligible|enrolled)\b",
            r"\bREMS certification (?:was |is )?not (?:found|on file)\b",
        ),
    ),
    (
        "bundling",
        _phrases(
            r"\b(?:is|was|are|were) (?:included|bundled) (?:in|into|with) (?:the )?(?:payment for|primary|"
            r"another|other) \w+",
            r"\bincidental to (?:the )?(?:primary|another)\b",
        ),
    ),
    (
        "rescission",
        _phrases(
            r"\b(?:coverage|policy) (?:is|was|has been) rescinded\b|\bvoid from (?:the|its) (?:beginning|"
            r"start)\b"
        ),
    ),
    (
        "insufficient_documentation",
        _phrases(
            rf"\b{_RECORDS}\b[^.;]{{0,60}}?\b(?:do|does|did) not (?:show|give|contain|include|say|list|"
            rf"state|document|have|mention|describe)\b",
            r"\b(?:do|does|did) not (?:give|include|list|state|contain) (?:the )?(?:doses?|dates?|scores?|"
            r"reasons?)\b",
            r"\bit does not (?:say|show|list|have|include|contain|give) (?:why|whether|which|how|what|"
            r"a (?:[\w-]+ ){0,3}(?:score|note|date|dose|plan|history)|any )\b|"
            r"\bit does not have a [\w ]{3,40}score\b",
            r"\b(?:no|without) (?:[\w-]+ ){0,8}(?:was|were) (?:sent|received|submitted|provided|"
            r"included|enclosed)\b",
            rf"\b(?:did not|have not|never) (?:receive|received|get|gotten|been given|"
            rf"been sent)\b[^.;]{{0,50}}\b{_RECORDS}\b",
            rf"\b{_RECORDS}\b[^.;]{{0,40}}\b(?:was|were) not (?:received|submitted|provided|sent|included|"
            rf"enclosed|supplied)\b",
            r"\b(?:insufficient|incomplete|not enough|inadequate) (?:clinical |medical )?(?:documentation|"
            r"information|records|evidence was sent)\b",
            r"\bunable to determine\b",
        ),
    ),
)
