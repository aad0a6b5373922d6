"""What people say and write in the simulated year, in several ways each: colleagues do not all put a thing the same way."""

from __future__ import annotations

SAID: dict[str, tuple[str, ...]] = {
    "request lost": (
        "They have no record of the fax. Sent again, with the first report.",
        "The request is not in their system. The clerk waited on the line while it went out again.",
        "Nothing under this member number. Sent a second time; the report of the first one went with it.",
        "They found three of eleven pages. All of it was sent again.",
    ),
    "request late": (
        "It is past its time to decide. They will look into it.",
        "Told them that their time has passed. The clerk sees it with a nurse reviewer and opened a ticket.",
        "No decision yet, and their day is over. A supervisor is to call back.",
        "They say that it is nearly done, and could not say since when it is.",
    ),
    "appeal lost": (
        "They have no record of the fax. Sent again with the report of the first one.",
        "The appeals unit never got it. They took down the number on our fax report and asked for another copy.",
        "It had gone to claims by mistake. Sent once more to the appeals unit, with the first report on top.",
    ),
    "decision late": (
        "They are past their time to decide, and say that they will answer.",
        "The day of their decision has passed. Marvin sees no decision in the system.",
        "Still with the medical director, and late. They know it.",
        "Nobody could say who has the file. They promise an answer in writing.",
    ),
    "not carried out": (
        "They have not carried out the decision yet, and say that they will.",
        "The clinic still has no authorization number. The unit that enters them works through a backlog.",
        "Won on paper only: nothing is in their system. Asked for the authorization number today.",
    ),
    "documents late": (
        "The file was due. The records unit has the request and no date for it.",
        "They had our request on time and have sent nothing. Told them the day on which it was due.",
        "Copying has not begun. They ask for some more days, which the rule does not give.",
    ),
}
WHO = (
    "Member services",
    "Keisha, provider line",
    "Dolores, appeals unit",
    "Roland, utilization management",
    "Marvin, appeals unit",
    "Appeals intake, clerk 4",
    "Yolanda, member services",
)
WRITTEN: dict[str, tuple[str, ...]] = {
    "evidence": (
        "The clinic's fax report",
        "The portal's receipt, from the clinic",
        "The payer's letter of receipt",
    ),
    "question": (
        "Ask where the decision is",
        "Call the appeals unit about the decision",
        "See whether the letter has come",
    ),
    "wait": ("They asked for some days.", "The line was busy all week.", "The reviewer is back next week."),
    "urgent": (
        "The treating clinician certifies that waiting could seriously harm the patient.",
        "The clinician writes that a break now could undo what the last sessions reached.",
    ),
    "not pursued": (
        "The patient does not wish to go on.",
        "The patient has had enough of letters, and says so clearly.",
        "The clinic found another treatment, which the plan covers.",
    ),
    "no call": (
        "The clinic found no time inside the window; the appeal answers in writing.",
        "The reviewer's line was never answered. Everything goes into the appeal.",
        "The clinician would rather put it in writing.",
    ),
    "withdrawn": (
        "The patient changed plans.",
        "The patient moved, and the new plan pays.",
        "The patient starts another treatment and does not want two cases at once.",
    ),
    "file came": (
        "In the cabinet: 212 pages, in the order in which they came.",
        "By portal, 88 pages; the criteria are on page 61.",
        "On a disc by post; printed, and in the cabinet.",
        "A thin file, 31 pages. The reviewer's notes are two lines.",
    ),
}
DETAILS = {
    "claim_file": (
        "The whole claim file, with the criteria and the reviewer's notes and credentials.",
        "The claim file, the criteria that were used, and any record of calls with the clinic.",
    ),
    "plan_documents": ("The plan document and the summary plan description in force.",),
    "records": (
        "The patient's own records that the plan holds.",
        "Everything the plan keeps about this patient.",
    ),
}
