/* tests/fuzz/fuzz_store.h - one store for the process; whoever writes there takes it back. */
#ifndef FUZZ_FUZZ_STORE_H
#define FUZZ_FUZZ_STORE_H

#include "fuzz.h"
#include "store/db.h"

static struct db *fuzz_db;

static inline void fuzz_store_close(void)
{
    db_close(fuzz_db);
}

static inline struct db *fuzz_store(void)
{
    const char *path;

    if (fuzz_db)
        return fuzz_db;
    path = fuzz_path("store.db");
    fuzz_path("store.db-wal");
    fuzz_path("store.db-shm");
    must(db_create(path, NULL) == 0 && db_open(path, &fuzz_db, NULL) == 0);
    must(atexit(fuzz_store_close) == 0); /* before its files go */
    return fuzz_db;
}

#endif
