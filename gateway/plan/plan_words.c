/* The codes that plans are stored and shown under. */
#include "plan/plan.h"

const char *basis_word(enum basis basis)
{
    return basis == BASIS_STATUTORY ? "statutory" : "local";
}

const char *notice_kind_word(enum notice_kind kind)
{
    static const char *const words[] = {
        [NOTICE_NOTICE] = "notice",
        [NOTICE_DESK] = "desk",
        [NOTICE_CORRECTION] = "correction",
        [NOTICE_WITHDRAWAL] = "withdrawal",
    };

    return words[kind];
}

const char *desk_reason_word(enum desk_reason reason)
{
    static const char *const words[] = {
        [DESK_NONE] = "none",
        [DESK_NO_MATCH] = "no-match",
        [DESK_REVIEW] = "review",
        [DESK_WRONG_DOOR] = "wrong-door",
        [DESK_NOT_ENROLLED] = "not-enrolled",
        [DESK_CLOSED] = "closed",
        [DESK_SUCCESSORS] = "several-successors",
        [DESK_NO_CONTACT] = "no-contact",
        [DESK_NO_CALENDAR] = "no-calendar",
        [DESK_UNDER_FIVE] = "under-five",
        [DESK_OVER_AGE] = "over-age",
        [DESK_NO_ANSWER] = "no-answer",
        [DESK_MARAC] = "marac",
        [TAKEN_WITHDRAWN] = "withdrawn",
        [TAKEN_WITHHELD] = "withheld",
        [TAKEN_NOT_PUPIL] = "not-your-pupil",
    };

    return words[reason];
}

const char *plan_filter_word(enum plan_filter filter)
{
    static const char *const words[] = {
        [FILTER_NONE] = "", [FILTER_RISK] = "filter:risk", [FILTER_PRESENT] = "filter:present"};

    return words[filter];
}
