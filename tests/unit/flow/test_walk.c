/* Nobody is forgotten (P2) and nobody told by a wrong door (P3), whatever comes and in whatever order:
 * walks of revisions, decisions, sends, answers and changes of registers, each step of them followed by
 * the account. */
#include "walk.h"

static void deliver(struct walk *w)
{
    struct place *p = w->p;
    struct outbox_item item;
    const char *adapter = pick(w, 2) ? "email" : "webhook";
    unsigned how = pick(w, 8);

    if (!claim(w, adapter, &item))
        return;
    if (pick(w, 6) == 0)
        publish(w); /* while it is on its way */
    if (pick(w, 3) == 0)
        plan(w);
    OK(p, db_begin(p->db, &p->err));
    if (how == 0)
        OK(p, outbox_never(p->db, &item, 550, "no such mailbox", 1, w->now, &p->err));
    else if (how == 1)
        OK(p, outbox_later(p->db, &item, "later", 451, "later", 1, w->now + 60, true, w->now,
                           &p->err));
    else
        OK(p, outbox_sent(p->db, &item, 250, "", 1, w->now, &p->err));
    OK(p, db_commit(p->db, &p->err));
    outbox_item_release(&item);
}

static void wait_on(struct walk *w)
{
    w->now += pick(w, 2) == 0 ? 86400 : 7 * 3600;
}

static const struct walk_move moves[] = {
    {"publish", publish, 2},         {"decide", decide, 6}, {"plan", plan, 8},
    {"deliver", deliver, 12},        {"answer", answer, 2}, {"change_contacts", change_contacts, 2},
    {"change_roll", change_roll, 1}, {"review", review, 1}, {"wait_on", wait_on, 4},
};

static void nobody_is_forgotten_whatever_comes(void **state)
{
    (void)state;
    walk_all(60, 120, moves, ARRAY_SIZE(moves), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_forgotten_whatever_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
