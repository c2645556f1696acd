#include "store/work.h"

#include "base/clock.h"

int work_begin(struct work *w, struct db *db, const struct work_turn *turn, struct err *err)
{
    *w = (struct work){.db = db, .most = turn->pieces, .ours = !db_in_transaction(db)};
    if (w->ours && db_begin(db, err) < 0)
        return -1;
    w->until_ms = turn->ms == INT_MAX ? INT64_MAX : clock_monotonic_ms() + turn->ms;
    return 0;
}

bool work_is_sound(const struct work *w)
{
    return !w->broken && !err_may_pass(&w->why);
}

bool work_goes_on(const struct work *w)
{
    return work_is_sound(w) && w->done < w->most &&
           (!w->begun || clock_monotonic_ms() < w->until_ms);
}

int work_piece(struct work *w, work_fn *one, int64_t id, time_t now, void *user)
{
    struct err why = {.code = ERR_NONE}, ignored;
    int rc = db_part_begin(w->db, &why);

    w->begun = true;
    if (rc < 0) {
        w->broken = true;
    } else {
        rc = one(w->db, id, now, user, &why);
        /* Some failures undo the whole transaction by themselves. */
        if (!db_in_transaction(w->db) ||
            db_part_end(w->db, rc == 1, rc < 0 ? &ignored : &why) < 0) {
            w->broken = true;
            rc = -1;
        }
    }
    if (rc < 0) {
        w->failed++;
        w->why = why;
    } else {
        w->done += rc;
    }
    return rc;
}

int work_end(struct work *w, struct err *err)
{
    if (w->ours && w->broken)
        db_rollback(w->db);
    else if (w->ours && db_commit(w->db, err) < 0)
        return -1;
    if (w->failed > 0 && (w->done == 0 || w->broken || err_may_pass(&w->why))) {
        if (err)
            *err = w->why;
        return -1;
    }
    return w->done;
}
