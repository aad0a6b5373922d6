"""The phrases by which letters give each reason for refusing, as patterns; `reasons.py` judges the clause around them.

Each pattern is written for a clause that affirms something. Keys are those of `data/denial_reasons.json`.
"""

from __future__ import annotations

import re
from typing import Final

_RECORDS: Final = (
    r"(?:records?|notes?|chart|documentation|information|paperwork|statement|letter from your \w+|"
    r"documents|forms?|(?:treatment|care) plan|(?:test|lab) results|rating scales?|details)"
)


NOT_FOUND_NECESSARY: Final = (
    r"\b(?:do|does|did|could|can|was unable to|were unable to|are unable to)(?:\s?not|n't)? (?:find|establish|determine|"
    r"conclude|confirm|consider|deem|verify|certify) (?:(?!\bnot\b)[^.;]){0,90}?\b(?:reasonable and necessary|"
    r"medically (?:necessary|needed|appropriate)|medical necessity)\b"
)
"""`We do not find it to be medically necessary` refuses, although `we do not find ...` mostly denies a ground."""


def _phrases(*patterns: str) -> re.Pattern[str]:
    """The patterns as one; each `not` of theirs stands for `n't` as well."""
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    joined = joined.replace(") not ", ")(?: not|n't) ").replace(r"\bnot ", r"(?:\bnot|n't) ")
    return re.compile(joined, re.IGNORECASE)


PHRASES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "experimental_investigational",
        _phrases(
            r"^\W*(?:considered |deemed )?(?:experi(?:m|rn)ental|investigational|unproven)\b(?! (?:treatment|"
            r"service|drug)s?\b[^.;]{0,30}\b(?:are|not)\b)",
            r"\b(?:considered|deemed|regarded as|is|as) experi(?:m|rn)ental\b",
            r"\b(?:has|have) not been (?:shown|proven|found) (?:to be )?(?:safe (?:and|or) )?effective\b",
            r"\b(?:studies|evidence|research|literature|trials)\b[^.;]{0,40}\b(?:is|are|"
            r"remains?) (?:too (?:few|small|brief|limited|weak)|insufficient|inadequate|not (?:sufficient|"
            r"adequate|enough))\b",
            r"\b(?:insufficient|inadequate|lack of|limited|not enough|too little) (?:\w+ ){0,3}(?:evidence|"
            r"studies|research|proof)\b[^.;]{0,60}\b(?:works?|helps?|safe\w*|effective\w*|benefit\w*|"
            r"support\w*)\b",
            r"\b(?:regards?|considers?|classif\w+|views?|treats?|deems?)\b[^.;,]{0,60}\b(?:as |"
            r"to be )?(?:an? )?(?:experi(?:m|rn)ental|investigational|unproven)\b",
            r"\b(?:se considera|es) (?:un tratamiento )?(?:experimental|de investigaci[o\u00f3]n)\b",
            r"\b(?:is|are|be|been|as|it|considered|deemed|regarded as|classified as|remains?|treatment|"
            r"service|use) (?:considered |deemed |regarded as |viewed as |"
            r"to be )?(?:an? )?(?:experimental|investigational|unproven)\b",
            r"\bexperimental(?:,)? (?:or|and|and/or|/) (?:investigational|unproven)\b",
            r"\b(?:is|are|remains?|counts?) (?:still|currently|therefore|also|at present) (?:as )?(?:experimental|"
            r"investigational|unproven)\b",
            r"\bcounts? as (?:experimental|investigational|unproven)\b",
            r"\bconsiders? (?:the|this|that|such|it) (?:[\w-]+ ){0,3}?(?:experimental|investigational|unproven)\b",
            r"\bexperimental/investigational\b",
            r"\b(?:has|have) not been (?:proven|shown to be) (?:safe and )?effective\b",
            r"\bnot (?:been )?proven (?:to (?:work|help)|(?:safe and )?effective)\b|\bunproven for\b",
            r"\b(?:consider(?:s|ed)?|call(?:s|ed)?|regard(?:s|ed)?|treats?|view(?:s|ed)?|class(?:es|ed|ifies)) (?:it|this|"
            r"that|the|such)\b[^.;,]{0,50}?\b(?:experimental|investigational|unproven)\b",
            r"\bmeets? (?:our|the|your)\b[^.;]{0,40}\bdefinition of (?:an? )?(?:experimental|investigational|unproven)\b",
            r"\b(?:not|isn't) (?:yet )?enough (?:\w+ ){0,3}(?:evidence|studies|research|proof) (?:that|to show) (?:it|this|"
            r"the \w+)\b[^.;]{0,30}\b(?:works?|helps?|safe|effective)\b",
        ),
    ),
    (
        "medical_necessity",
        _phrases(
            r"\b(?:exceeds?|is more than|are more than|beyond) what is (?:medically )?(?:necessary|needed)\b",
            r"\b(?:cannot|can\'t|could not|couldn\'t|unable to|do not|don\'t|did not) (?:see|say|tell|find|"
            r"conclude|agree|confirm|determine) (?:that )?[^.;]{0,70}\b(?:is|are|was|"
            r"were) (?:still )?(?:reasonable and necessary|medically \w+|necessary|needed)\b",
            r"\b(?:is|are|was|were) not (?:clinically |considered )?(?:necessary|needed|"
            r"appropriate) for (?:your|the (?:patient|member)\'s?) (?:condition|health|care|diagnosis|"
            r"treatment)\b",
            r"\bno(?:t)? longer medically (?:necessary|needed|appropriate)\b",
            r"\bno (?:es|son|era|fue|se considera) m[e\u00e9]dicamente necesari[oa]s?\b|"
            r"\bno cumple\b[^.;]{0,60}\bnecesidad m[e\u00e9]dica\b",
            r"\b(?:not|isn't|aren't) (?:\w+ ){0,2}medically (?:necessary|needed|required|appropriate)\b",
            r"\bfail(?:s|ed)? to (?:show|demonstrate|establish|support|prove)\b[^.;]{0,80}\b(?:reasonable and necessary|"
            r"medically (?:necessary|needed|appropriate)|medical necessity)\b",
            r"\b(?:does|do|did|could|can)(?: not|not|n't) (?:show|demonstrate|establish|confirm|support|see|tell) "
            r"(?:that |why |how )?(?:you|[^.;]{0,50}\b(?:is|are)) (?:still |now )?(?:need(?:ed)?|necessary)\b",
            NOT_FOUND_NECESSARY,
            r"\b(?:does|do|did)(?: not|n't) meet (?:our |the |your |all )?(?:plan's |\w+'s )?(?:clinical|medical|coverage) "
            r"(?:necessity )?(?:criteria|guidelines?|standards?)\b",
            r"\b(?:does|do|did) not (?:meet|satisfy|fulfill)\b[^.;]{0,70}\bmedical(?:ly)? necess(?:ary|"
            r"ity)\b",
            r"\b(?:does|do|did) not (?:show|demonstrate|establish|support|"
            r"prove)\b[^.;]{0,60}\b(?:reasonable and necessary|"
            r"medical(?:ly)? necess(?:ary|ity)|medically (?:needed|appropriate))\b",
            r"\bnot (?:considered |deemed )?(?:to be )?reasonable and necessary\b",
            r"\bmedical necessity (?:criteria )?(?:has|have|was|were|is|are) not (?:been )?(?:met|"
            r"established|shown|supported|demonstrated)\b",
            r"\black(?:s|ing)? (?:of )?medical necessity\b",
            r"\b(?:more|other) than (?:is |are )?medically (?:necessary|needed)\b|^\W*not med(?:ically)?\.? nec(?:essary)?\b",
            r"\b(?:has|have|had|was|were|is|are) not (?:therefore |yet )?(?:been )?(?:shown|found|established|proven|"
            r"demonstrated)"
            r" to be (?:reasonable and necessary|medically (?:necessary|needed|appropriate))\b",
            r"\b(?:medical necessity|necessity(?: standard)?)\b[^;]{0,90}?\b(?:has|have|had|was|were|is|are|could|can)"
            r" (?:therefore |thus )?not (?:therefore )?(?:been |be )?(?:met|established|shown|satisfied|confirmed|"
            r"demonstrated|proven)\b",
            r"\bwe do not (?:think|believe|agree) (?:that )?[^.;]{0,60}\b(?:is|are) medically (?:necessary|needed)\b",
            r"\b(?:does|do|did) not (?:fit|come within|fall within|meet)\b[^;]{0,50}\b(?:meaning|"
            r"definition) of \W?medical(?:ly)? necess\w+",
            r"\b(?:not able|unable) to (?:find|conclude|confirm|tell|say|see)\b[^.;]{0,60}\b(?:is|are|"
            r"remains?) (?:still )?(?:medically )?"
            r"(?:necessary|needed)\b",
            r"\bcan(?: ?not|'t) be (?:found|considered|called) (?:reasonable and necessary|medically (?:necessary|needed))\b",
            r"\bnot (?:find|see|show) (?:a |any )?medical need\b|\bnothing\b[^.;]{0,40}\bshows? (?:a |any )?medical need\b",
            r"\bcould not (?:tell|determine|confirm) that [^.;]{0,60}\b(?:needed|necessary)\b",
        ),
    ),
    (
        "step_therapy",
        _phrases(
            r"\b(?:requires?|asks?|needs?|expects?|wants?) (?:that )?(?:you|members?|patients?) (?:to |"
            r"must )?(?:first )?(?:try|use|fail|have tried)\b[^.;]{0,80}\bbefore\b",
            r"\bstep[- ]therapy (?:\w+ ){0,2}(?:requires?|calls for|asks for)\b|\b(?:required|"
            r"called for) by (?:our|the|your) (?:\w+ ){0,2}step[- ]therapy\b",
            r"\b(?:do|does|did|has|have) not (?:\w+ )?(?:show|document|list|say|indicate|"
            r"confirm)\b[^.;]{0,40}\b(?:tried|trial of|failed|used)\b[^.;]{0,50}\b(?:preferred|formulary|"
            r"covered|first[- ]line|lower[- ]cost|generic)\b",
            r"\b(?:do|does|did|has|have) not (?:\w+ )?(?:show|document|list|say|indicate|"
            r"confirm)\b[^.;]{0,40}\btried\b[^.;]{0,90}\b(?:first|before)\b",
            r"\b(?:requires?|calls for|asks for|wants|need(?:s|ed)?)\b[^.;]{0,30}\b(?:trials?|failure|"
            r"use) of\b[^.;]{0,70}\b(?:before|first)\b",
            r"\bbefore (?:we|the plan|your plan) (?:will |can )?(?:covers?|approves?|"
            r"pays? for)\b[^.;]{0,60}\b(?:must|need to|have to|has to) (?:try|have tried|use)\b",
            r"\b(?:primero )?(?:debe|tiene que) (?:probar|usar|intentar)\b[^.;]{0,60}\b(?:primero|antes)\b|"
            r"\bterapia escalonada\b",
            r"\bstep[- ]therapy (?:requirements?|rules?|criteria|protocol)?\s?(?:was|were|is|are|has|"
            r"have) not (?:been )?(?:met|satisfied|completed)\b",
            r"\b(?:does|do|did) not (?:meet|satisfy)\b[^.;]{0,40}\bstep[- ]therapy\b",
            r"\bstep (?:requirement|rule|criteria|edit) (?:was|were|is|are|has|have) (?:therefore )?not (?:therefore )?(?:been )?"
            r"(?:met|satisfied|completed)\b|\bstep therapy applies to this (?:drug|medicine)\b",
            r"\brequires? that certain (?:medicines|drugs|medications|treatments) be tried first\b",
            r"\ba (?:member|patient) must first (?:use|try)\b",
            r"\b(?:has|have|had) not (?:yet )?(?:tried|failed|completed a trial of)\b",
            r"\b(?:asks?|requires?|needs?|expects?) (?:that )?(?:you|members?|patients?) (?:to )?(?:first )?(?:try|use|fail)\b"
            r"[^.;]{0,60}\bfirst\b",
            r"\byou (?:need|have) to try\b[^.;]{0,50}\bfirst\b|\bhas a step[- ]therapy rule\b",
            r"\byou (?:must|need to|have to) (?:first )?(?:try|have tried)\b|\bmust first (?:try|"
            r"be tried)\b|\bmust be tried (?:first|before)\b",
            r"\bfail[- ]first (?:requirement|rule)\b|\b(?:trials?|failures?|tried|failed)\b[^.;]{0,40}\(step[- ]therapy\)",
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
            r"approval|notice) (?:was|were) (?:asked for|sought|requested|obtained|given|on file)\b",
            r"\b(?:was|were|is|are) not (?:prior|pre)[- ]?(?:authorized|certified|approved)\b|\b(?:was|"
            r"were) not (?:authorized|approved|certified) (?:in advance|ahead of time|beforehand|before)\b",
            r"\b(?:prior authorization|precertification|pre-?authorization|authorization|pre-?approval|"
            r"prior approval) (?:\w+ ){0,3}(?:was|were|is|has) not (?:been )?(?:obtained|requested|received|"
            r"on file|secured|given|asked for|sought)\b",
            r"\b(?:have|had|found|find|shows?) no (?:record of (?:a |an )?)?(?:prior |"
            r"advance )?(?:authorization|precertification|pre-?authorization|pre-?approval|approval)\b",
            r"\b(?:no|sin) (?:se (?:obtuvo|pidi[o\u00f3]|solicit[o\u00f3]) )?(?:la )?(?:autorizaci[o\u00f3]n|"
            r"aprobaci[o\u00f3]n) previa\b",
            r"\bno (?:prior |advance )?(?:authorization|precertification|pre-?authorization|pre-?approval|"
            r"approval|notification)(?: or (?:authorization|notification|"
            r"approval))?\b[^.;]{0,40}\b(?:on file|obtained|received|requested|found)\b",
            r"\b(?:prior authorization|precertification|pre-?authorization|authorization|"
            r"pre-?approval) (?:was|were|is|has) (?:not|never) (?:been )?(?:obtained|requested|received|"
            r"on file|secured)\b",
            r"\b(?:authorization|precertification|pre-?authorization|pre-?approval|approval) (?:was|is) required\b[^.;]{0,40}"
            r"\b(?:not|never|no record)\b",
            r"\b(?:did not|didn't|never) (?:get|ask for|request|obtain|have) (?:our |the |a |any )?(?:prior |advance )?"
            r"(?:authorization|precertification|pre-?authorization|pre-?approval|approval)\b",
            r"\bno record that\b[^.;]{0,50}\b(?:approval|authorization|precertification|"
            r"pre-?authorization)\b[^.;]{0,40}\b(?:asked for|"
            r"requested|sought|given|obtained)\b|\bno record that\b[^.;]{0,40}\b(?:called|asked|applied) for (?:\w+ )?"
            r"(?:approval|authorization|precertification|pre-?authorization)\b",
            r"\b(?:precertification|(?:prior |pre-?)?authorization|pre-?approval|approval)\b[^.;]{0,50}\b(?:was|"
            r"is) (?:required|needed)\b"
            r"[^.;]{0,40}\bnot (?:on file|on record|obtained|given|requested)\b",
            r"\brequires? (?:\w+ )?(?:approval|precertification|authorization) before\b[^.;]{0,40}\b(?:none|no record|not)\b",
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
            r"\b(?:is|was|are|were) not (?:an? )?(?:contracted|participating|network|in-network|"
            r"preferred) (?:provider|facility|clinic|doctor|hospital|prescriber)\b",
            r"\b(?:does|do|did) not (?:have|hold) (?:a|any) contract with (?:us|the plan|your plan|our)\b|"
            r"\b(?:is|was|are|were) not (?:under contract|contracted) with (?:us|the plan|your plan)\b",
            r"\bno est[a\u00e1] en (?:nuestra|la) red\b",
            r"\b(?:is|was|are|were) (?:an? )?(?:out[- ]of[- ]network|non-?participating)\b",
            r"\b(?:is|was|are|were) not (?:in|part of|a (?:member|part) of) (?:our|the|"
            r"your plan's) network\b|\b(?:is|was) not a participating provider\b",
            r"\bno referral (?:is |was )?on file\b",
        ),
    ),
    (
        "quantity_frequency_limit",
        _phrases(
            r"\b(?:limits?|caps?|restricts?) (?:this|the|your|it|coverage|payment|"
            r"\w+)\b[^.;,]{0,40}\bto (?:\d+|one|two|three|four|five|six|eight|ten|twelve)\b",
            r"\b(?:allows?|covers?|pays? for) (?:only |no more than |up to |at most |a maximum of )(?:\d+|one|"
            r"two|three|four|five|six|eight|ten|twelve)\b",
            r"\bhow (?:often|many (?:visits|sessions|times|doses))\b[^.;]{0,20}\byou can (?:come|get|have)\b",
            r"\b(?:goes?|going) down (?:from [^.;]{3,40} )?to\b|\b(?:will be|is|are|was|"
            r"were) (?:being )?reduced (?:from [^.;]{3,60} )?to\b[^.;]{0,30}\b(?:times?|visits?|hours?|units?|"
            r"weeks?|days?|sessions?)\b",
            r"\b(?:exceeds?|more than|over|above) (?:the |our |your )?(?:plan )?[^.;,]{0,30}\b(?:quantity|"
            r"frequency|visit|session|unit|dos(?:e|age)|day)s? (?:limit|maximum|allowance)s?\b",
            r"\b(?:exceeds?|(?:is|are|was|were|goes|go) (?:over|above|beyond)|(?:is|are) more than)\b[^.;,]{0,30}"
            r"\b(?:limits?|maximum|"
            r"(?:number|amount|quantity) (?:of [\w-]+ )?(?:that )?(?:we|the plan|your plan|our \w+|the \w+) "
            r"(?:covers?|allows?|pays? for|approves?))\b",
            r"\b(?:is|are|was|were) more (?:\w+ )?than (?:our|the|your) (?:rule|policy|plan|limit|guideline)s? "
            r"(?:covers?|allows?|pays? for|approves?)\b",
            r"\bmore (?:visits|sessions|doses|infusions|units|tablets|days|treatments)\b[^.;,]{0,20} than "
            r"(?:we|the plan|your plan|(?:our|the) (?:rule|policy|plan|limit|guideline)s?) "
            r"(?:covers?|allows?|pays? for|approves?)\b",
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
            r"\bnot (?:on|in|listed on|part of) (?:the|our|your plan\'s|your|"
            r"its) (?:[\w-]+ ){0,2}(?:drug list|formulary|list of (?:covered )?drugs|preferred list|"
            r"preferred drug list)\b",
            r"\bno est[a\u00e1] en (?:la|nuestra) lista de medicamentos\b",
            r"\b(?:excluded from|not (?:on|in|listed on|included on|included in|part of|one of)) "
            r"(?:our|(?:the|your|this) plan's|the) (?:\w+ )?(?:drugs? list|list of (?:\w+ )?drugs|covered drugs|formulary)\b",
            r"\bnot (?:on|in|listed on|included on|included in|part of) (?:our|the|your plan's|the plan's|"
            r"this plan's) (?:list of covered drugs|formulary|drug list|covered drug list|"
            r"preferred drug list)\b",
            r"\b(?:is|was|are) (?:a )?non-?formulary\b|^\W*non-?formulary drug\b|^\W*off formulary\b",
            r"\bnot (?:on|in) (?:the )?(?-i:[A-Z])[\w.&'-]*(?: (?-i:[A-Z])[\w.&'-]*){0,4} (?:formulary|drug list|"
            r"list of covered drugs)\b",
            r"\b(?:does not appear on|is left off|is missing from|is outside|was left off) (?:of )?(?:our|the|your) (?:\d{4} )?"
            r"(?:[\w-]+ )?(?:formulary|drug list|list of covered drugs)\b|\bformulary does not (?:include|list|cover)\b",
        ),
    ),
    (
        "not_medically_accepted_indication",
        _phrases(
            r"\bnot (?:for |prescribed for )?(?:a |considered a )?medically[- ]accepted (?:indication|"
            r"use)\b",
            r"\bnot a Part D drug\b",
            r"\b(?:use|indication) is not (?:FDA[- ]approved|approved by the FDA) and (?:is )?not (?:supported|listed)\b",
            r"\bnot (?:listed|supported|recognized) (?:as an? (?:medically )?accepted (?:use|indication) )?(?:in|"
            r"by) (?:the|either|any|"
            r"one of the)\b[^.;]{0,30}\b(?:drug books?|compendia|drug references)\b",
        ),
    ),
    (
        "benefit_exclusion",
        _phrases(
            r"\b(?:is|are|was|were) (?:an |expressly |specifically )?excluded (?:services?|benefits?|items?|drugs?|expenses?)\b",
            r"\b(?:is|are|was|were) not (?:a )?(?:covered |plan )?(?:benefits?|covered) (?:of|under|by|"
            r"in) (?:your|this|the) (?:\w+ )?(?:plan|policy|contract|benefits?|coverage|certificate|"
            r"handbook)\b",
            r"\b(?:has|have|provides?|offers?) no (?:benefits?|coverage) for (?!out)",
            r"\bno (?:est[a\u00e1]|es) (?:un (?:beneficio|servicio) )?cubierto\b|\best[a\u00e1] excluid[oa]\b",
            r"\b(?:is|are|was|were) (?:specifically |expressly |therefore |thus )?(?:an )?exclu(?:ded|"
            r"sion)(?: services?)? (?:under|from|by|in)\b",
            r"\b(?:is|are|was) not (?:a )?covered (?:benefits?|services?)\b",
            r"\byour (?:plan|policy|contract|certificate|coverage) (?:excludes|does not cover)\b",
            r"\b(?:the|your) (?:\w+ )?(?:plan|policy|contract|certificate(?: of coverage)?|benefit|"
            r"plan document) (?:does not (?:cover|pay for)|"
            r"excludes) (?!(?:it\b|this\b|that\b|them\b|these\b|experi|investig|unproven|services? (?:that|which|not|"
            r"from)|care (?:that|which|from)|anything|any\b|charges))",
            r"\b(?:is|are) (?:a )?non-?covered (?:benefits?|services?)\b|\bbenefit exclusion\b|"
            r"\bplan exclusion applies\b",
        ),
    ),
    (
        "site_of_care",
        _phrases(
            r"\b(?:denied|refused|not approv\w+|not cover\w*|cannot approve|"
            r"declined)\b[^.;]{0,40}\b(?:giv(?:ing|en) it|having it|receiving it|place|setting|site|"
            r"it being given)\b[^.;]{0,30}\b(?:hospital|outpatient|facility|department)\b",
            r"\b(?:does|do|did) not (?:meet|satisfy)\b[^.;]{0,40}\b(?:site|place|setting)[- ]of[- ](?:care|service)\b",
            r"\b(?:can|could|may) (?:safely )?(?:be )?(?:given|provided|performed|done|received?|have it|"
            r"get it)\b[^.;]{0,30}\b(?:less (?:costly|intensive|expensive)|lower[- ]cost|non-?hospital)\b",
            r"\b(?:place|site|setting) of (?:service|care)\b[^.;]{0,40}\b(?:not (?:approved|covered|"
            r"appropriate|necessary)|inappropriate)\b",
            r"\b(?:can|could|may) (?:safely )?be (?:given|provided|performed|"
            r"done) in a lower[- ]cost (?:setting|site)\b",
            r"\b(?:can|could|may) (?:safely )?be (?:given|provided|performed|done) (?:safely )?(?:in|at) (?:an? )?(?:office|"
            r"infusion (?:suite|center)|clinic|home|freestanding)\b",
            r"\bhospital (?:outpatient )?(?:setting|department|site) (?:is|was) not (?:approved|necessary|"
            r"covered)\b",
        ),
    ),
    (
        "level_of_care",
        _phrases(
            r"\b(?:not|no longer) (?:need|require|meet)\b[^.;]{0,30}\bthis level of care\b",
            r"\b(?:can|could|may) be (?:safely |effectively )?(?:treated|managed|provided|cared for|"
            r"met)(?: safely| effectively)? (?:at|in|with) (?:a |the )?(?:lower|less (?:intensive|"
            r"restrictive))\b",
            r"\b(?:not|no longer) meet\b[^.;]{0,60}\blevel of care\b|\blower level of care (?:is|was|"
            r"would be) (?:appropriate|sufficient|available)\b",
            r"\b(?:not|no longer) (?:need|require)\b[^.;]{0,60}\b(?:inpatient|residential|hospital|"
            r"24-hour)[\w -]{0,20}(?:care|treatment|stay|level)\b",
            r"\bcould be (?:treated|managed) at a lower level of care\b",
            r"\blevel of care is (?:therefore )?not (?:therefore )?medically (?:necessary|needed)\b",
            r"\b(?:can|could|may) (?:safely )?(?:be (?:safely )?(?:met|given|provided|had)|"
            r"get [^.;]{3,40}?)\b[^.;]{0,20} at a lower level\b",
            r"\bno longer needs? (?:the )?(?:residential|inpatient|hospital|partial hospital\w*) level\b",
            r"\blevel of care (?:criteria |requested |you asked for )?(?:is|was|were|are) not (?:met|necessary|approved)\b",
        ),
    ),
    (
        "eligibility_termination",
        _phrases(
            r"\b(?:you|member|patient) (?:was|were|is|are) (?:not|no longer) (?:eligible|covered|enrolled|"
            r"active|insured)\b(?! (?:for|under the) (?:this|the) (?:service|drug))",
            r"\b(?:coverage|policy|insurance|plan|enrollment) (?:was |had |has )?(?:ended|terminated|lapsed|"
            r"stopped|been canceled)\b(?! for)",
            r"\b(?:coverage|policy|insurance) (?:was|had|has|is) (?:been )?(?:terminated|ended|lapsed|"
            r"not (?:active|in effect|effective))\b",
            r"\bnot (?:eligible|covered|enrolled) on (?:the )?(?:date|day)s? (?:of service|the service)\b",
        ),
    ),
    (
        "timely_filing",
        _phrases(
            r"\b(?:it|bill|they|claim|claims) (?:was|were|is) (?:filed|submitted|received|sent|"
            r"late)\b[^.;]{0,40}\b(?:after|outside|beyond|past) (?:the|our) [^.;]{0,30}\b(?:limit|deadline|"
            r"period)\b",
            r"\bclaim\b[^.;]{0,30}\b(?:filed|submitted|received) (?:after|outside|beyond|past) (?:the |"
            r"our )?(?:time limit|timely[- ]filing|filing (?:limit|deadline))\b",
            r"\btimely[- ]filing (?:limit|requirement)s? (?:was|were|has|have) (?:not (?:been )?met|"
            r"passed|expired)\b",
        ),
    ),
    (
        "duplicate",
        _phrases(
            r"\b(?:exact )?duplicate of (?:a|an|the) (?:claim|charge|service|bill)\b|\b(?:already|"
            r"previously) (?:processed|paid|considered) (?:this|the same) (?:claim|service|charge)\b",
            r"\b(?:is|was|as) an? (?:exact )?duplicate (?:claim|of)\b",
        ),
    ),
    (
        "coordination_of_benefits",
        _phrases(
            r"\bother (?:coverage|insurance|plan),? (?:\w+,? )?(?:is|should be) (?:the )?primary\b",
            r"\b(?:medicare|another (?:plan|insurer|policy)|other (?:insurance|coverage)) (?:is|should|"
            r"must) (?:pay first|be billed first|the primary payer)\b",
            r"\b(?:explanation of benefits|EOB|payment information) from (?:your |the )?(?:other|"
            r"primary) (?:insurance|insurer|plan|payer|carrier)\b",
            r"\b(?:other|another) (?:insurance|coverage|payer|plan) (?:is|may be|"
            r"appears to be) (?:the )?primary\b",
        ),
    ),
    (
        "coding_error",
        _phrases(
            r"\bNDC\b[^.;]{0,30}\b(?:is|was) (?:absent|missing|not valid|invalid|incorrect|not on file)\b",
            r"\b(?:modifier|code|diagnosis|procedure)\b[^.;]{0,30}\b(?:is|was|were|are) (?:missing|incorrect|"
            r"wrong|not valid|invalid|inconsistent|not consistent)\b",
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
            r"^\W*bundled\b",
            r"\bpart of (?:another|the (?:main|primary|other)) (?:service|procedure|code)\b",
            r"\b(?:is|was|are|were) (?:included|bundled) (?:in|into|with) (?:the )?(?:payment for|primary|"
            r"another|other) \w+",
            r"\bincidental to (?:the )?(?:primary|another)\b",
        ),
    ),
    (
        "rescission",
        _phrases(
            r"\b(?:coverage|policy) (?:is|was|has been|will be|is being) rescinded\b|"
            r"\b(?:intend|plan|propose)s? to rescind\b|\bvoid from (?:the|its) (?:beginning|"
            r"start)\b"
        ),
    ),
    (
        "insufficient_documentation",
        _phrases(
            rf"\b{_RECORDS}\b[^.;]{{0,60}}?\b(?:do|does|did) not (?:show|give|contain|include|say|list|"
            rf"state|document|have|mention|describe)\b(?! (?:an?|any|the|that) (?:\w+ )?(?:need|necessity|benefit)\b)",
            r"\b(?:do|does|did) not (?:give|include|list|state|contain) (?:the )?(?:doses?|dates?|scores?|"
            r"reasons?)\b",
            r"\bit does not (?:say|show|list|have|include|contain|give) (?:why|whether|which|how|what|"
            r"a (?:[\w-]+ ){0,3}(?:score|note|date|dose|plan|history)|any )\b|"
            r"\bit does not have a [\w ]{3,40}score\b",
            rf"\b(?:no|without) (?:[\w-]+ ){{0,5}}(?:{_RECORDS}|scores?|tests?|dates?|doses?|logs?|lists?|"
            rf"proof|evidence|results?|history|PHQ-9)(?: [\w-]+){{0,8}} (?:was|were) (?:sent|received|"
            rf"submitted|provided|"
            r"included|enclosed)\b",
            rf"\b(?:did not|have not|never) (?:receive|received|get|gotten|been given|"
            rf"been sent)\b[^.;]{{0,50}}\b{_RECORDS}\b",
            rf"\b{_RECORDS}\b[^.;]{{0,40}}\b(?:was|were) not (?:received|submitted|provided|sent|included|"
            rf"enclosed|supplied)\b",
            rf"\b{_RECORDS}\b[^.;]{{0,80}}?\b(?:have|has|had)(?: not|n't)(?: yet)? (?:been (?:received|sent|provided|submitted|"
            rf"supplied)|arrived|reached us|come)\b",
            rf"\b{_RECORDS}\b[^.;]{{0,80}}?\b(?:did not|didn't|never) (?:arrive|reach us|come)\b",
            r"\b(?:asked for|requested|need(?:ed)?)\b[^.;]{0,90}\b(?:have|did)(?: not|n't) (?:received?|gotten|get|had) "
            r"(?:it|them|this|these|any)\b",
            rf"\b(?:do|does|did)(?: not|n't) (?:have|send(?: us)?|supply|provide(?: us)?|submit|include) "
            rf"(?:(?:the|those|these|any|enough|a|your|all) )?(?:\w+ ){{0,3}}{_RECORDS}\b",
            r"\bwe (?:still )?(?:have|did) not (?:yet )?(?:received?|gotten|get|had) "
            r"(?:them|these|those|it|any of (?:it|them))\b",
            rf"\b(?:has|have|had|did) not (?:yet )?(?:sent?|supplied|provided|given|supply|provide) (?:us )?"
            rf"(?:(?:the|your|any|these|those|all|enough) )?(?:\w+ ){{0,2}}{_RECORDS}\b",
            r"\b(?:insufficient|incomplete|not enough|inadequate) (?:clinical |medical )?(?:documentation|"
            r"information|records|evidence was sent)\b",
            r"\bunable to determine\b",
        ),
    ),
)
