/* Weights from a file of call-outs. */
#include <stdlib.h>
#include <string.h>

#include "match/keys.h"
#include "match/learn.h"
#include "match/queries.h"
#include "registers/csv_file.h"
#include "store/report.h"
#include "store/roster.h"

enum { ROUNDS = 12, ROWS_OF_ONE = 4 };

struct label {
    char query_id[65];
    int64_t pupil_keys[ROWS_OF_ONE];
    size_t count;
};

struct lesson {
    struct db *db;
    struct learn *learn;
    struct label *labels; /* by query_id; NULL: learned without */
    size_t labels_count, labels_room;
};

static int by_query(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->query_id, ((const struct label *)b)->query_id);
}

static int add_label(struct lesson *l, const char *query_id, const char *ids, struct err *err)
{
    struct label *label;

    if (l->labels_count == l->labels_room) {
        size_t room = l->labels_room ? 2 * l->labels_room : 1024;
        struct label *more = reallocarray(l->labels, room, sizeof *more);

        if (!more)
            return err_memory(err);
        l->labels = more;
        l->labels_room = room;
    }
    label = &l->labels[l->labels_count++];
    memset(label, 0, sizeof *label);
    strncpy(label->query_id, query_id, sizeof label->query_id - 1);
    while (*ids && label->count < ROWS_OF_ONE) {
        size_t n = strcspn(ids, "|");
        char id[65];
        int rc;

        if (n >= sizeof id)
            return err_set(err, ERR_INVALID, "a pupil_id is longer than 64");
        memcpy(id, ids, n);
        id[n] = '\0';
        rc = report_pupil(l->db, NULL, id, &label->pupil_keys[label->count], err);
        if (rc < 0)
            return -1;
        label->count += rc == 1;
        ids += n + (ids[n] == '|');
    }
    return 0;
}

static int read_labels(struct lesson *l, const char *path, struct err *err)
{
    static const struct csv_column columns[] = {{"query_id", true}, {"true_pupil_ids", true}};
    struct csv_file *csv;
    int rc;

    if (csv_file_open(path, columns, ARRAY_SIZE(columns), &csv, err) < 0)
        return -1;
    while ((rc = csv_file_next(csv, err)) == 1) {
        if (add_label(l, csv_file_cell(csv, 0), csv_file_cell(csv, 1), err) < 0) {
            err_context(err, "%s:%zu", path, csv_file_line(csv, 1));
            rc = -1;
            break;
        }
    }
    csv_file_free(csv);
    if (rc < 0)
        return -1;
    if (!l->labels)
        return err_set(err, ERR_INVALID, "%s: has no rows", path);
    qsort(l->labels, l->labels_count, sizeof *l->labels, by_query);
    return 0;
}

static int learn_one(void *self, const char *query_id, struct person *person, struct err *err)
{
    struct lesson *l = self;
    struct label wanted = {.count = 0};
    const struct label *label = NULL;
    struct learn_truth truth;
    struct candidate *candidates;
    struct key keys[KEYS_MAX];
    size_t count;
    int rc;

    strncpy(wanted.query_id, query_id, sizeof wanted.query_id - 1);
    if (l->labels) {
        label = bsearch(&wanted, l->labels, l->labels_count, sizeof wanted, by_query);
        if (!label)
            return 0; /* not among those to learn from */
        truth = (struct learn_truth){label->pupil_keys, label->count};
    }
    if (roster_count_names(l->db, person, err) < 0 ||
        roster_candidates(l->db, keys, keys_of(person, KEYS_CHILD, keys), person->seen_on,
                          &candidates, &count, err) < 0)
        return -1;
    rc = learn_add(l->learn, person, candidates, count, label ? &truth : NULL, err);
    roster_candidates_free(candidates, count);
    return rc;
}

int queries_learn(struct db *db, const char *path, const char *truth, struct weights *weights,
                  void (*progress)(const char *what, size_t done, size_t total), struct err *err)
{
    struct lesson l = {.db = db};
    const struct weights start = *weights;
    struct matcher matcher = {&start, 0};
    int rc = roster_count(db, &matcher.pupils, err);

    if (rc == 0 && !(l.learn = learn_new(&matcher)))
        rc = err_memory(err);
    if (rc == 0 && truth)
        rc = read_labels(&l, truth, err);
    if (rc == 0)
        rc = queries_each(path, learn_one, &l, progress, err);
    if (rc == 0)
        learn_settle(l.learn, ROUNDS, weights);
    free(l.labels);
    learn_free(l.learn);
    return rc;
}
