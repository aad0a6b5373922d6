"""The portal's sentences in words for somebody who helps: the plan and the case are not theirs. No statements here.

Each sentence of `appeals.queries.portal_words` that speaks of "you" has its twin here; a sentence without one is said to both
alike. `name` is what the patient is called.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as mark

FOR_HELPER: dict[str, str] = {
    "We are getting your case ready.": mark("We are getting the case ready."),
    "Next, we ask your plan to pay for your care. We need your papers first.": mark(
        "Next, we ask the plan to pay for the care. We need the papers first."
    ),
    "We are writing to your plan to ask for your care.": mark(
        "We are writing to the plan to ask for the care."
    ),
    "Next, the request goes out. Then your plan has to answer.": mark(
        "Next, the request goes out. Then the plan has to answer."
    ),
    "Your plan has until %(theirs)s to answer.": mark("The plan has until %(theirs)s to answer."),
    "If the answer is no, or none comes, we can help you appeal.": mark(
        "If the answer is no, or none comes, we can help to appeal."
    ),
    "Your plan has our request.": mark("The plan has our request."),
    "Next, we make sure it came in. Then we can tell you by when they must answer.": mark(
        "Next, we make sure it came in. Then we know by when they must answer."
    ),
    "Your plan had until %(theirs)s to answer. It is late.": mark(
        "The plan had until %(theirs)s to answer. It is late."
    ),
    "Next, we call your plan and ask for the answer.": mark("Next, we call the plan and ask for the answer."),
    "The answer is yes. Your plan has until %(theirs)s to do what was decided.": mark(
        "The answer is yes. The plan has until %(theirs)s to do what was decided."
    ),
    "The answer is yes. Your plan had until %(theirs)s to do what was decided. It is late.": mark(
        "The answer is yes. The plan had until %(theirs)s to do what was decided. It is late."
    ),
    "The answer is yes. Your plan has to do what was decided.": mark(
        "The answer is yes. The plan has to do what was decided."
    ),
    "Next, we ask your plan to do it now.": mark("Next, we ask the plan to do it now."),
    "Your plan said yes.": mark("The plan said yes."),
    "Next, you can plan your visits. Ask us how many your plan will pay for.": mark(
        "Next, %(name)s can plan the visits. Ask us how many the plan will pay for."
    ),
    "We took back the request to your plan.": mark("We took back the request to the plan."),
    "Next, we talk with you about what you want to do.": mark(
        "Next, we talk with %(name)s about what to do."
    ),
    "Your plan said no.": mark("The plan said no."),
    "Your plan said no. We are reading the letter.": mark("The plan said no. We are reading the letter."),
    "Next, we check each date in it. Then we can tell you the last day to appeal.": mark(
        "Next, we check each date in it. Then we know the last day to appeal."
    ),
    "Your plan said no. We are looking at what you can do.": mark(
        "The plan said no. We are looking at what can be done."
    ),
    "Next, we find out which rules your plan has to follow.": mark(
        "Next, we find out which rules the plan has to follow."
    ),
    "Your plan said no. We have until %(ours)s to appeal.": mark(
        "The plan said no. We have until %(ours)s to appeal."
    ),
    "Next, your doctor may talk with your plan. If that does not help, we appeal.": mark(
        "Next, the doctor may talk with the plan. If that does not help, we appeal."
    ),
    "Your plan said no. Your doctor may talk with your plan.": mark(
        "The plan said no. The doctor may talk with the plan."
    ),
    "Your doctor talks with your plan on %(call_on)s.": mark(
        "The doctor talks with the plan on %(call_on)s."
    ),
    "Next, you choose. We help you to see what can be done.": mark(
        "Next, %(name)s chooses. We help to see what can be done."
    ),
    "The answer was no, or none came. You can go on.": mark(
        "The answer was no, or none came. %(name)s can go on."
    ),
    "We are getting your appeal ready.": mark("We are getting the appeal ready."),
    "We are writing your appeal. It has to go out by %(ours)s.": mark(
        "We are writing the appeal. It has to go out by %(ours)s."
    ),
    "We are writing your appeal.": mark("We are writing the appeal."),
    "Your plan has until %(theirs)s to send your case to outside reviewers.": mark(
        "The plan has until %(theirs)s to send the case to outside reviewers."
    ),
    "Next, the reviewers decide. They do not work for your plan.": mark(
        "Next, the reviewers decide. They do not work for the plan."
    ),
    "Your plan must send your case to outside reviewers.": mark(
        "The plan must send the case to outside reviewers."
    ),
    "Your plan had until %(theirs)s to send your case on. It is late.": mark(
        "The plan had until %(theirs)s to send the case on. It is late."
    ),
    "Next, we ask your plan to send it now.": mark("Next, we ask the plan to send it now."),
    "You chose not to go on with this appeal.": mark("%(name)s chose not to go on with this appeal."),
    "You can still change your mind until %(ours)s. Call us if you do.": mark(
        "That can still change until %(ours)s. Call us if it does."
    ),
    "Call us if you change your mind.": mark("Call us if that changes."),
    "We do not go to court for you. A lawyer can tell you what to do and by when.": mark(
        "We do not go to court. A lawyer can tell what to do and by when."
    ),
    "Your plan said yes. It holds until %(valid_until)s.": mark(
        "The plan said yes. It holds until %(valid_until)s."
    ),
    "Next, you have your visits. We ask for more before the time runs out.": mark(
        "Next, %(name)s has the visits. We ask for more before the time runs out."
    ),
    "Next, we ask your plan to go on paying after that day.": mark(
        "Next, we ask the plan to go on paying after that day."
    ),
    "We are getting your case ready for outside reviewers.": mark(
        "We are getting the case ready for outside reviewers."
    ),
    "We are getting your case ready for a hearing.": mark("We are getting the case ready for a hearing."),
    "We are getting your case ready for the appeals council.": mark(
        "We are getting the case ready for the appeals council."
    ),
    "Your appeal is with your plan.": mark("The appeal is with the plan."),
    "Your case is with outside reviewers.": mark("The case is with outside reviewers."),
    "Your case waits for a hearing.": mark("The case waits for a hearing."),
    "Your case is with the appeals council.": mark("The case is with the appeals council."),
    "Your appeal is on its way.": mark("The appeal is on its way."),
    "If they do not, or if they say no, we can ask your plan to look again.": mark(
        "If they do not, or if they say no, we can ask the plan to look again."
    ),
    "If they say no, your plan must send your case to outside reviewers.": mark(
        "If they say no, the plan must send the case to outside reviewers."
    ),
    "If they say no, what is left is a court. We will talk with you about it.": mark(
        "If they say no, what is left is a court. We will talk with %(name)s about it."
    ),
    "If they say no, we look at the next step with you.": mark(
        "If they say no, we look at the next step with %(name)s."
    ),
    "Next, we wait for the paper that says what your plan will pay.": mark(
        "Next, we wait for the paper that says what the plan will pay."
    ),
    "Next, we talk with you about the rest.": mark("Next, we talk with %(name)s about the rest."),
    "Next, we talk with you about what is left.": mark("Next, we talk with %(name)s about what is left."),
    "Your case is closed. Your plan agreed to pay.": mark("The case is closed. The plan agreed to pay."),
    "Your case is closed. Your plan agreed to pay for a part.": mark(
        "The case is closed. The plan agreed to pay for a part."
    ),
    "Your case is closed. Your plan did not agree to pay.": mark(
        "The case is closed. The plan did not agree to pay."
    ),
    "Your case is closed. Your care is paid in another way.": mark(
        "The case is closed. The care is paid in another way."
    ),
    "Your case is closed, as you asked.": mark("The case is closed, as %(name)s asked."),
    "Your case is closed. It was no longer needed.": mark("The case is closed. It was no longer needed."),
    "Your case is closed. We could not reach you.": mark("The case is closed. We could not reach %(name)s."),
    "Call us. Then we can see what is still open to you.": mark(
        "Call us. Then we can see what can still be done."
    ),
    "Your case is closed.": mark("The case is closed."),
    "We appeal to your plan": mark("We appeal to the plan"),
    "We appeal to your plan again": mark("We appeal to the plan again"),
    "We ask your plan": mark("We ask the plan"),
    "Your doctor talks with your plan": mark("The doctor talks with the plan"),
    "A judge hears your case": mark("A judge hears the case"),
    "A court, if you choose it": mark("A court, if %(name)s chooses it"),
}
