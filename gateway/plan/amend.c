#include "plan/amend.h"

#include <string.h>

static const struct amendment nothing = {NOTICE_NOTICE, DESK_NONE};
static const struct amendment correction = {NOTICE_CORRECTION, DESK_NONE};

static struct amendment take_back(enum desk_reason reason)
{
    return (struct amendment){NOTICE_WITHDRAWAL, reason};
}

/* Whether it has come out that an establishment was told of a child that is not its own. */
static bool is_wrong_door(const struct telling *t)
{
    if (t->to_desk)
        return false;
    if (t->ruled_out)
        return true;
    if (t->at_door)
        return false;
    return t->outcome == MATCH_MATCH ? !t->same_pupil : t->outcome == MATCH_NONE && t->by_person;
}

struct amendment amend_judge(const struct telling *t)
{
    if (t->withdrawn)
        return take_back(TAKEN_WITHDRAWN);
    if (t->withheld)
        return take_back(TAKEN_WITHHELD);
    if (is_wrong_door(t))
        return take_back(TAKEN_NOT_PUPIL);
    if (!t->to_desk && t->outcome == MATCH_REVIEW)
        return nothing;
    return t->changed && t->at_door ? correction : nothing;
}

const struct contact *amend_whom(const struct plan_input *in, const struct plan_door *door,
                                 enum notice_kind kind, int64_t told_contact)
{
    for (size_t i = 0; i < door->contacts_count; i++) {
        const struct contact *contact = &door->contacts[i];

        if (contact->contact_id != told_contact || !contact->verified || contact->failed)
            continue;
        if (kind == NOTICE_WITHDRAWAL || !plan_is_barred(in, door, contact))
            return contact;
    }
    return plan_whom(in, door);
}

struct due amend_due(const struct plan_input *in, const struct plan_door *door,
                     enum notice_kind kind)
{
    const char *namespace = door->establishment.door.namespace;
    struct morning morning = door->policy.morning;
    struct due due;

    if (kind == NOTICE_WITHDRAWAL)
        morning.policy = MORNING_AT_ONCE;
    else if (strcmp(namespace, "la") == 0 || strcmp(namespace, "force") == 0) {
        calendar_due_desk(&door->calendar, &morning, in->accepted_at, in->now, &due);
        return due;
    }
    if (calendar_due(&door->calendar, &morning, in->accepted_at, in->now, &due) == 0) {
        morning.policy = MORNING_AT_ONCE;
        calendar_due(&door->calendar, &morning, in->accepted_at, in->now, &due);
    }
    return due;
}
