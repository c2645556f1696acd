/* tests/unit/fault_disk.h - a disk that fails when a test says so: an SQLite VFS before the system's.
 *
 * Every file that SQLite opens goes through it. The nth read, write, truncation or sync from now
 * fails, once; or the disk is full from then on; or the power goes: then nothing works any more, and
 * disk_comes_back leaves each file as a disk without a battery may: what was synced stands, of what
 * was written since each sector of 512 bytes did get there or did not, by the dice, and a longer
 * file may have its old length. (SQLite's own test, "crash-test VFS", does so:
 * https://www.sqlite.org/testing.html#crash_testing)
 *
 * Syncs are not handed on, since what is durable is kept in memory here. It has no xFetch: what
 * SQLite would read by mmap is read, so that a read can fail.
 */
#ifndef TESTS_FAULT_DISK_H
#define TESTS_FAULT_DISK_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum disk_fault {
    DISK_FAILS, /* the nth operation, once */
    DISK_FULL,  /* from the nth on no write gets through, until disk_heal */
    DISK_POWER, /* from the nth on nothing does, until disk_comes_back */
};

enum disk_operation { DISK_READ = 1, DISK_WRITE = 2, DISK_SYNC = 4, DISK_ANY = 7 };

enum { DISK_SECTOR = 512, DISK_FILES = 8 };

/* A path's bytes as the last sync left them. */
struct disk_image {
    char path[128];
    unsigned char *durable;
    sqlite3_int64 durable_size;
};

struct disk_file {
    sqlite3_file base;
    struct disk_image *image;
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    struct disk_image images[DISK_FILES];
    enum disk_fault fault;
    unsigned which;  /* of disk_operation */
    long left;       /* operations until the one that fails; 0: none does */
    long count;      /* of those in which, since disk_arm */
    bool struck;     /* it has come to that */
    uint32_t random; /* the dice */
} disk;

static inline void disk_must(bool holds)
{
    if (!holds)
        abort(); /* the test's own disk does not work */
}

static inline unsigned disk_dice(unsigned n)
{
    disk.random = disk.random * 1664525u + 1013904223u;
    return (disk.random >> 8) % n;
}

/* Whether this operation fails. */
static inline bool disk_strikes(enum disk_operation operation)
{
    if (disk.struck && disk.fault == DISK_POWER)
        return true;
    if (disk.struck && disk.fault == DISK_FULL)
        return operation == DISK_WRITE;
    if (!(disk.which & operation))
        return false;
    disk.count++;
    if (disk.left == 0 || --disk.left > 0)
        return false;
    disk.struck = true;
    return true;
}

static inline struct disk_image *disk_image(const char *path)
{
    struct disk_image *free_one = NULL;

    for (size_t i = 0; i < DISK_FILES; i++) {
        if (strcmp(disk.images[i].path, path) == 0)
            return &disk.images[i];
        if (!free_one && disk.images[i].path[0] == '\0')
            free_one = &disk.images[i];
    }
    disk_must(free_one && strlen(path) < sizeof free_one->path);
    strncpy(free_one->path, path, sizeof free_one->path - 1);
    return free_one;
}

/* The whole of it is durable now. */
static inline void disk_make_durable(struct disk_image *image)
{
    int fd = open(image->path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

    free(image->durable);
    image->durable = malloc((size_t)size + 1);
    image->durable_size = size;
    disk_must(image->durable != NULL);
    if (fd >= 0) {
        disk_must(pread(fd, image->durable, (size_t)size, 0) == size);
        close(fd);
    }
}

/* ---- SQLite's methods ---- */

static inline sqlite3_file *disk_real(sqlite3_file *f)
{
    return ((struct disk_file *)f)->real;
}

static int disk_close(sqlite3_file *f)
{
    sqlite3_file *real = disk_real(f);
    int rc = real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;

    sqlite3_free(real);
    return rc;
}

static int disk_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    if (disk_strikes(DISK_READ))
        return SQLITE_IOERR_READ;
    return disk_real(f)->pMethods->xRead(disk_real(f), to, n, at);
}

/* A write that fails may have done a part of it. */
static int disk_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    if (disk_strikes(DISK_WRITE)) {
        if (disk_dice(2) && n > 1)
            (void)disk_real(f)->pMethods->xWrite(disk_real(f), from, (int)disk_dice((unsigned)n),
                                                 at);
        return disk.fault == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return disk_real(f)->pMethods->xWrite(disk_real(f), from, n, at);
}

static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (disk_strikes(DISK_WRITE))
        return SQLITE_IOERR_TRUNCATE;
    return disk_real(f)->pMethods->xTruncate(disk_real(f), size);
}

static int disk_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    if (disk_strikes(DISK_SYNC))
        return SQLITE_IOERR_FSYNC;
    disk_make_durable(((struct disk_file *)f)->image);
    return SQLITE_OK;
}

static int disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return disk_real(f)->pMethods->xFileSize(disk_real(f), size);
}

static int disk_lock(sqlite3_file *f, int how)
{
    return disk_real(f)->pMethods->xLock(disk_real(f), how);
}

static int disk_unlock(sqlite3_file *f, int how)
{
    return disk_real(f)->pMethods->xUnlock(disk_real(f), how);
}

static int disk_reserved(sqlite3_file *f, int *out)
{
    return disk_real(f)->pMethods->xCheckReservedLock(disk_real(f), out);
}

static int disk_control(sqlite3_file *f, int op, void *arg)
{
    return disk_real(f)->pMethods->xFileControl(disk_real(f), op, arg);
}

static int disk_sector(sqlite3_file *f)
{
    (void)f;
    return DISK_SECTOR;
}

/* None: not even that a sector is written whole or not at all beside its neighbours. */
static int disk_characteristics(sqlite3_file *f)
{
    (void)f;
    return 0;
}

static int disk_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return disk_real(f)->pMethods->xShmMap(disk_real(f), page, size, extend, out);
}

static int disk_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return disk_real(f)->pMethods->xShmLock(disk_real(f), offset, n, flags);
}

static void disk_shm_barrier(sqlite3_file *f)
{
    disk_real(f)->pMethods->xShmBarrier(disk_real(f));
}

static int disk_shm_unmap(sqlite3_file *f, int delete_it)
{
    return disk_real(f)->pMethods->xShmUnmap(disk_real(f), delete_it);
}

static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_characteristics,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct disk_file *file = (struct disk_file *)f;
    int rc;

    (void)vfs;
    file->base.pMethods = NULL;
    file->real = sqlite3_malloc(disk.real->szOsFile);
    if (!file->real)
        return SQLITE_NOMEM;
    memset(file->real, 0, (size_t)disk.real->szOsFile);
    rc = disk.real->xOpen(disk.real, name, file->real, flags, out_flags);
    if (rc != SQLITE_OK) {
        sqlite3_free(file->real);
        return rc;
    }
    disk_must(name != NULL); /* temporary tables are in memory */
    file->image = disk_image(name);
    if (!file->image->durable)
        disk_make_durable(file->image);
    file->base.pMethods = &disk_methods;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (disk_strikes(DISK_WRITE))
        return SQLITE_IOERR_DELETE;
    disk_image(name)->durable_size = 0;
    return disk.real->xDelete(disk.real, name, sync_folder);
}

/* ---- what a test says ---- */

/* From here on every store is on this disk. */
static inline void disk_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "fault";
    disk.vfs.szOsFile = sizeof(struct disk_file);
    disk.vfs.pNext = NULL;
    disk.vfs.xOpen = disk_open;
    disk.vfs.xDelete = disk_delete;
    sqlite3_vfs_register(&disk.vfs, 1);
}

/* The nth of those operations from now; 0: none, they are counted. */
static inline void disk_arm(enum disk_fault fault, unsigned which, long nth, uint32_t dice)
{
    disk.fault = fault;
    disk.which = which;
    disk.left = nth;
    disk.count = 0;
    disk.struck = false;
    disk.random = dice;
}

/* There is room again; what has failed has failed. */
static inline void disk_heal(void)
{
    disk.struck = false;
    disk.left = 0;
}

/* One file as the power left it. */
static inline void disk_settle(struct disk_image *image)
{
    int fd = open(image->path, O_RDWR | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

    if (fd < 0) /* deleted */
        return;
    for (off_t at = 0; at < size; at += DISK_SECTOR) {
        unsigned char now[DISK_SECTOR], old[DISK_SECTOR] = {0};
        ssize_t n = pread(fd, now, sizeof now, at);

        for (ssize_t i = 0; i < n && at + i < image->durable_size; i++)
            old[i] = image->durable[at + i];
        if (memcmp(now, old, (size_t)n) != 0 && disk_dice(2))
            disk_must(pwrite(fd, old, (size_t)n, at) == n);
    }
    if (size > image->durable_size && disk_dice(2))
        disk_must(ftruncate(fd, image->durable_size) == 0);
    else if (size < image->durable_size && disk_dice(2)) /* it was cut short, unsynced */
        disk_must(pwrite(fd, image->durable + size, (size_t)(image->durable_size - size), size) ==
                  image->durable_size - size);
    close(fd);
}

/* The machine starts again. All connections have been closed before. */
static inline void disk_comes_back(void)
{
    disk_heal();
    for (size_t i = 0; i < DISK_FILES; i++) {
        if (disk.images[i].path[0] == '\0')
            continue;
        disk_settle(&disk.images[i]);
        disk_make_durable(&disk.images[i]);
    }
}

/* Another test, other files. */
static inline void disk_forget(void)
{
    for (size_t i = 0; i < DISK_FILES; i++) {
        free(disk.images[i].durable);
        disk.images[i] = (struct disk_image){.durable = NULL};
    }
}

#endif
