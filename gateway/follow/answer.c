#include "follow/answer.h"

#include "store/answer_links.h"
#include "store/notices.h"
#include "store/wrong_door.h"

/* A correction is answered with what it corrects, and not before it. */
static int take_correction(struct db *db, const struct notice_row *correction,
                           const struct answer_said *said, time_t now, struct err *err)
{
    struct notice_row told;
    int rc = notices_get(db, correction->amends, &told, err), taken;

    if (rc <= 0)
        return rc < 0 ? -1 : err_set(err, ERR_STORE, "a correction of nothing");
    taken = answer_take(db, told.notice_id, said, now, err);
    if (taken < 0 || notices_get(db, told.notice_id, &told, err) < 0)
        return -1;
    if (told.state == NOTICE_ANSWERED &&
        notices_answer(db, correction->notice_id, said->who, now, err) < 0)
        return -1;
    return taken;
}

static int not_ours(struct db *db, const struct notice_row *notice, const struct answer_said *said,
                    time_t now, struct err *err)
{
    int64_t child_id = -1;
    int rc =
        said->child_ref ? notices_child(db, notice->notice_id, said->child_ref, &child_id, err) : 1;

    if (rc <= 0)
        return rc < 0 ? -1
                      : err_set(err, ERR_INVALID, "notice %s is about no child of that number",
                                notice->reference);
    return wrong_door_say(db, notice->notice_id, child_id, said->who, now, err);
}

int answer_take(struct db *db, int64_t notice_id, const struct answer_said *said, time_t now,
                struct err *err)
{
    struct notice_row notice;
    int rc = notices_get(db, notice_id, &notice, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no such notice");
    if (notice.kind == NOTICE_CORRECTION &&
        (notice.state == NOTICE_TOLD || notice.state == NOTICE_ANSWERED))
        return take_correction(db, &notice, said, now, err);
    return said->what == ANSWER_NOT_OURS ? not_ours(db, &notice, said, now, err)
                                         : notices_answer(db, notice_id, said->who, now, err);
}

static int answer_in_transaction(struct db *db, const char *reference,
                                 const struct answer_said *said, time_t now, struct err *err)
{
    struct notice_row notice;
    int rc = notices_by_reference(db, reference, &notice, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no notice has that reference");
    if (said->by_telephone && notice.state == NOTICE_OWED) {
        if (notices_rung(db, &notice, said->who, now, err) < 0)
            return -1;
    } else if (notice.state != NOTICE_TOLD && notice.state != NOTICE_ANSWERED) {
        return err_set(err, ERR_INVALID, "notice %s is %s: nobody has been told yet%s",
                       notice.reference, notice_state_word(notice.state),
                       notice.state == NOTICE_OWED ? " (--by-telephone: you have, just now)" : "");
    }
    return answer_take(db, notice.notice_id, said, now, err);
}

static int end(struct db *db, int rc, struct err *err)
{
    if (rc < 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err) < 0 ? -1 : rc;
}

int answer_notice_all(struct db *db, const char *reference, const struct answer_said *said,
                      size_t count, time_t now, struct err *err)
{
    int rc = 0;

    if (db_begin(db, err) < 0)
        return -1;
    for (size_t i = 0; rc >= 0 && i < count; i++) {
        int one = answer_in_transaction(db, reference, &said[i], now, err);

        rc = one < 0 ? -1 : rc | one;
    }
    return end(db, rc, err);
}

int answer_notice(struct db *db, const char *reference, const struct answer_said *said, time_t now,
                  struct err *err)
{
    return answer_notice_all(db, reference, said, 1, now, err);
}

int answer_by_link(struct db *db, const char *token, const struct answer_said *said, time_t now,
                   int64_t *notice_id, struct err *err)
{
    int64_t contact_id;
    int rc;

    if (db_begin(db, err) < 0)
        return -1;
    rc = answer_links_find(db, token, now, notice_id, &contact_id, err);
    if (rc == 1)
        rc = answer_take(db, *notice_id, said, now, err);
    else if (rc == 0)
        rc = err_set(err, ERR_NONE_SUCH, "that link is none of ours, or is no longer good");
    return end(db, rc, err);
}
