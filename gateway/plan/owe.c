#include "plan/owe.h"

#include <stdlib.h>
#include <string.h>

#include "plan/age.h"
#include "plan/whom.h"

enum desk_reason owe_worse(enum desk_reason a, enum desk_reason b)
{
    if (a == DESK_NONE || b == DESK_NONE)
        return a > b ? a : b;
    return a < b ? a : b;
}

static struct plan_notice *notice_at(const struct plan_input *in, struct plan *out, size_t door,
                                     enum notice_kind kind, struct err *err)
{
    struct plan_notice *more;

    for (size_t i = 0; i < out->count; i++) {
        if (out->notices[i].door == door && out->notices[i].kind == kind)
            return &out->notices[i];
    }
    more = reallocarray(out->notices, out->count + 1, sizeof *more);
    if (!more) {
        err_memory(err);
        return NULL;
    }
    out->notices = more;
    more += out->count;
    *more = (struct plan_notice){.door = door, .kind = kind, .basis = BASIS_LOCAL};
    more->child_ids = calloc(in->children_count, sizeof *more->child_ids);
    if (!more->child_ids) {
        err_memory(err);
        return NULL;
    }
    out->count++;
    return more;
}

int owe(const struct plan_input *in, struct plan *out, const struct plan_child *child,
        enum notice_kind kind, size_t door, enum desk_reason reason, const struct offer *offer,
        struct err *err)
{
    struct plan_notice *notice = notice_at(in, out, door, kind, err);
    bool is_place = !door_is_centre(&in->doors[door]) && !door_is_desk(&in->doors[door]);

    if (!notice)
        return -1;
    if (notice->children_count > 0 &&
        notice->child_ids[notice->children_count - 1] == child->child_id)
        return 0;
    if ((is_place || kind == NOTICE_DESK) && age_basis(child, offer->due.at) == BASIS_STATUTORY)
        notice->basis = BASIS_STATUTORY;
    notice->reason = owe_worse(notice->reason, reason);
    if (notice->children_count == 0 || offer->due.at < notice->due.at)
        notice->due = offer->due;
    notice->contact_id = offer->contact ? offer->contact->contact_id : -1;
    notice->child_ids[notice->children_count++] = child->child_id;
    return 0;
}

static bool comes_before(const struct plan_input *in, const struct plan_notice *a,
                         const struct plan_notice *b)
{
    const struct door *one = &in->doors[a->door].establishment.door;
    const struct door *two = &in->doors[b->door].establishment.door;
    int order = strcmp(one->namespace, two->namespace);

    if (a->due.at != b->due.at)
        return a->due.at < b->due.at;
    return (order ? order : strcmp(one->urn, two->urn)) < 0;
}

void owe_sort(const struct plan_input *in, struct plan *out)
{
    for (size_t i = 1; i < out->count; i++) {
        struct plan_notice notice = out->notices[i];
        size_t j = i;

        for (; j > 0 && comes_before(in, &notice, &out->notices[j - 1]); j--)
            out->notices[j] = out->notices[j - 1];
        out->notices[j] = notice;
    }
}
