#include "follow/answer.h"

#include "store/notices.h"

static int answer_in_transaction(struct db *db, const char *reference, const char *who, time_t now,
                                 struct err *err)
{
    struct notice_row notice;
    int rc = notices_by_reference(db, reference, &notice, err);

    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(err, ERR_NONE_SUCH, "no notice has that reference");
    if (notice.state != NOTICE_TOLD && notice.state != NOTICE_ANSWERED)
        return err_set(err, ERR_INVALID, "notice %s is %s: nobody has been told yet",
                       notice.reference, notice_state_word(notice.state));
    return notices_answer(db, notice.notice_id, who, now, err);
}

int answer_notice(struct db *db, const char *reference, const char *who, time_t now,
                  struct err *err)
{
    int rc;

    if (db_begin(db, err) < 0)
        return -1;
    rc = answer_in_transaction(db, reference, who, now, err);
    if (rc < 0) {
        db_rollback(db);
        return -1;
    }
    return db_commit(db, err) < 0 ? -1 : rc;
}
