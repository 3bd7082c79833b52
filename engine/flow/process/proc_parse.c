#include "proc_parse.h"

#include "rg/base/hash.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct rg_str trim_space(struct rg_str s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* Takes the next word off *rest; false when only white space is left. */
static bool next_word(struct rg_str *rest, struct rg_str *word)
{
    size_t i = 0;
    size_t start;

    while (i < rest->len && is_space(rest->ptr[i]))
        i++;
    start = i;
    while (i < rest->len && !is_space(rest->ptr[i]))
        i++;
    *word = (struct rg_str){rest->ptr + start, i - start};
    *rest = (struct rg_str){rest->ptr + i, rest->len - i};
    return word->len != 0;
}

/* Inlined so that each key becomes a comparison of words.
 *
 * The value of a "key: value" line: true when the line starts with key, a colon and white space,
 * and at least one byte follows. No key holds a colon, so this is the first colon that counts. */
__attribute__((always_inline)) static inline bool line_value(
    struct rg_str line, const char *key, size_t key_len, struct rg_str *value)
{
    if (line.len < key_len + 3 || line.ptr[key_len] != ':' || !is_space(line.ptr[key_len + 1]) ||
        memcmp(line.ptr, key, key_len) != 0)
        return false;
    *value = (struct rg_str){line.ptr + key_len + 2, line.len - key_len - 2};
    return true;
}

#define LINE_VALUE(line, lit, value) line_value(line, lit, sizeof(lit) - 1, value)

static void parse_ids(struct rg_str value, int32_t *ids, uint8_t *count)
{
    struct rg_str word;

    *count = 0;
    while (*count < RG_PROCESS_IDS && next_word(&value, &word)) {
        if (rg_str_to_i32(word, &ids[*count]))
            (*count)++;
    }
}

static void parse_kib(struct rg_str value, uint64_t *bytes)
{
    uint64_t kib;

    if (value.len >= 2 && memcmp(value.ptr + value.len - 2, "kB", 2) == 0)
        value.len -= 2;
    if (rg_str_to_u64(trim_space(value), &kib) && kib <= UINT64_MAX / 1024)
        *bytes = kib * 1024;
}

static void parse_ns_pid(struct rg_str value, int32_t *pid)
{
    const char *tab = memrchr(value.ptr, '\t', value.len);

    if (tab)
        value = (struct rg_str){tab + 1, (size_t)(value.ptr + value.len - tab - 1)};
    rg_ignore(rg_str_to_i32(value, pid), "a number that does not parse leaves the default");
}

enum {
    SAW_VOLUNTARY = 1,
    SAW_INVOLUNTARY = 2,
    SAW_BOTH = SAW_VOLUNTARY | SAW_INVOLUNTARY,
};

/* One line of status. The first letter decides which keys are worth a comparison: most of the sixty
 * lines are none of ours. */
static void parse_status_line(struct rg_str line, struct rg_proc_status *out, unsigned *saw)
{
    struct rg_str v;

    switch (line.len ? line.ptr[0] : 0) {
    case 'N':
        if (LINE_VALUE(line, "Name", &v))
            out->name = rg_str_trim(v, " \t");
        else if (LINE_VALUE(line, "NSpid", &v))
            parse_ns_pid(v, &out->ns_pid);
        break;
    case 'S':
        if (LINE_VALUE(line, "State", &v))
            out->state = v.ptr[0];
        break;
    case 'U':
        if (LINE_VALUE(line, "Uid", &v))
            parse_ids(v, out->uids, &out->uid_count);
        break;
    case 'G':
        if (LINE_VALUE(line, "Gid", &v))
            parse_ids(v, out->gids, &out->gid_count);
        break;
    case 'T':
        if (LINE_VALUE(line, "Threads", &v))
            rg_ignore(rg_str_to_i32(v, &out->threads), "malformed leaves the default");
        break;
    case 'V':
        if (LINE_VALUE(line, "VmRSS", &v))
            parse_kib(v, &out->rss_bytes);
        else if (LINE_VALUE(line, "VmSize", &v))
            parse_kib(v, &out->vms_bytes);
        else if (LINE_VALUE(line, "VmSwap", &v))
            parse_kib(v, &out->swap_bytes);
        break;
    case 'v':
        if (LINE_VALUE(line, "voluntary_ctxt_switches", &v) &&
            rg_str_to_i64(v, &out->voluntary_switches))
            *saw |= SAW_VOLUNTARY;
        break;
    case 'n':
        if (LINE_VALUE(line, "nonvoluntary_ctxt_switches", &v) &&
            rg_str_to_i64(v, &out->involuntary_switches))
            *saw |= SAW_INVOLUNTARY;
        break;
    default:
        break;
    }
}

void rg_proc_parse_status(struct rg_str text, struct rg_proc_status *out)
{
    unsigned saw = 0;

    *out = (struct rg_proc_status){0};
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len;

        if (!end)
            break;
        len = (size_t)(end - text.ptr);
        parse_status_line((struct rg_str){text.ptr, len}, out, &saw);
        text = (struct rg_str){end + 1, text.len - len - 1};
    }
    out->has_switches = saw == SAW_BOTH;
}

/* Fields of stat behind the command name, numbered by the runs of white space before them: the
 * number that proc(5) gives, minus two. */
enum stat_field {
    STAT_STATE = 1,
    STAT_PPID = 2,
    STAT_FLAGS = 7,
    STAT_MINFLT = 8,
    STAT_MAJFLT = 10,
    STAT_UTIME = 12,
    STAT_STIME = 13,
    STAT_NICE = 17,
    STAT_THREADS = 18,
    STAT_START = 20,
    STAT_STARTCODE = 24,
    STAT_ENDCODE = 25,
    STAT_STARTSTACK = 26,
    STAT_ARG_START = 46,
    STAT_ENV_END = 49,
    STAT_FIELDS = 50,
};

struct stat_numbers {
    uint64_t value[STAT_FIELDS]; /* magnitude; set where valid has a bit */
    uint64_t valid;              /* bit i: field i is a number */
    uint64_t negative;
    char state;
};

#define DIGITS_SAFE 19 /* as many digits never overflow 64 bits */

/* The hottest loop of a scan: one pass, everything it changes in registers. */
static void scan_fields(const char *p, const char *end, struct stat_numbers *out)
{
    uint64_t valid = 0, negative = 0;
    size_t field = 0;

    out->state = 0;
    while (p < end) {
        const char *first;
        uint64_t v = 0;
        unsigned digit;
        bool minus;

        if (is_space(*p)) {
            do
                p++;
            while (p < end && is_space(*p));
            if (++field == STAT_FIELDS || p == end)
                break;
        }
        if (field == STAT_STATE)
            out->state = *p;
        minus = *p == '-';
        p += minus;
        first = p;
        while (p < end && (digit = (unsigned)((unsigned char)*p - '0')) <= 9) {
            v = v * 10 + digit;
            p++;
        }
        if (p > first && (p == end || is_space(*p)) &&
            (p - first <= DIGITS_SAFE ||
                rg_str_to_u64((struct rg_str){first, (size_t)(p - first)}, &v))) {
            out->value[field] = v;
            valid |= UINT64_C(1) << field;
            negative |= (uint64_t)minus << field;
        }
        while (p < end && !is_space(*p)) /* not a number */
            p++;
    }
    out->valid = valid;
    out->negative = negative;
}

static uint64_t unsigned_field(const struct stat_numbers *n, size_t i)
{
    return n->valid & ~n->negative & (UINT64_C(1) << i) ? n->value[i] : 0;
}

static int32_t int_field(const struct stat_numbers *n, size_t i)
{
    uint64_t bit = UINT64_C(1) << i;

    if (!(n->valid & bit) || n->value[i] > (uint64_t)INT32_MAX)
        return 0;
    return n->negative & bit ? -(int32_t)n->value[i] : (int32_t)n->value[i];
}

/* The addresses an exec replaces. A kernel that may not tell prints 0, and 1 for the code. */
static void digest_image(const struct stat_numbers *n, struct rg_proc_stat *out)
{
    uint64_t told = unsigned_field(n, STAT_STARTSTACK);
    uint64_t digest = rg_hash_mix(0, told);

    digest = rg_hash_mix(digest, unsigned_field(n, STAT_STARTCODE));
    digest = rg_hash_mix(digest, unsigned_field(n, STAT_ENDCODE));
    for (size_t i = STAT_ARG_START; i <= STAT_ENV_END; i++) {
        told |= unsigned_field(n, i);
        digest = rg_hash_mix(digest, unsigned_field(n, i));
    }
    out->has_image = told != 0;
    out->image = out->has_image ? digest : 0;
}

void rg_proc_parse_stat(struct rg_str text, struct rg_proc_stat *out)
{
    struct stat_numbers n;
    const char *open = text.len ? memchr(text.ptr, '(', text.len) : NULL;
    const char *p = text.len ? memrchr(text.ptr, ')', text.len) : NULL;
    const char *end = text.ptr + text.len;

    *out = (struct rg_proc_stat){0};
    if (!p || p + 1 == end)
        return;
    if (open && open < p)
        out->comm = rg_proc_trim_comm((struct rg_str){open + 1, (size_t)(p - open - 1)});
    scan_fields(p + 1, end, &n);
    out->state = n.state;
    out->ppid = int_field(&n, STAT_PPID);
    if (unsigned_field(&n, STAT_FLAGS) <= UINT32_MAX)
        out->flags = (uint32_t)unsigned_field(&n, STAT_FLAGS);
    out->minor_faults = unsigned_field(&n, STAT_MINFLT);
    out->major_faults = unsigned_field(&n, STAT_MAJFLT);
    out->user_ticks = unsigned_field(&n, STAT_UTIME);
    out->system_ticks = unsigned_field(&n, STAT_STIME);
    out->has_start = (n.valid & ~n.negative) >> STAT_START & 1;
    if (out->has_start) {
        out->nice = int_field(&n, STAT_NICE);
        out->threads = int_field(&n, STAT_THREADS);
        out->start_ticks = unsigned_field(&n, STAT_START);
    }
    digest_image(&n, out);
}

void rg_proc_parse_statm(struct rg_str text, struct rg_proc_statm *out)
{
    uint64_t pages[7] = {0};
    struct rg_str word;

    for (size_t i = 0; i < 7 && next_word(&text, &word); i++)
        rg_ignore(rg_str_to_u64(word, &pages[i]), "malformed counts as zero");
    *out = (struct rg_proc_statm){
        .size = pages[0],
        .resident = pages[1],
        .shared = pages[2],
        .text = pages[3],
        .lib = pages[4],
        .data = pages[5],
        .dirty = pages[6],
    };
}

static void parse_io_line(struct rg_str line, struct rg_proc_io *out)
{
    struct rg_str v;

    if (LINE_VALUE(line, "syscr", &v))
        rg_ignore(rg_str_to_i64(v, &out->read_count), "malformed stays -1");
    else if (LINE_VALUE(line, "syscw", &v))
        rg_ignore(rg_str_to_i64(v, &out->write_count), "malformed stays -1");
    else if (LINE_VALUE(line, "read_bytes", &v))
        rg_ignore(rg_str_to_i64(v, &out->read_bytes), "malformed stays -1");
    else if (LINE_VALUE(line, "write_bytes", &v))
        rg_ignore(rg_str_to_i64(v, &out->write_bytes), "malformed stays -1");
}

void rg_proc_parse_io(struct rg_str text, struct rg_proc_io *out)
{
    struct rg_str line;

    *out = (struct rg_proc_io){-1, -1, -1, -1};
    while (rg_str_split(&text, '\n', &line))
        parse_io_line(line, out);
}

uint64_t rg_proc_parse_switched_in(struct rg_str text)
{
    struct rg_str word;
    uint64_t count = 0;

    for (int i = 0; i < 3; i++) {
        if (!next_word(&text, &word) || !rg_str_to_u64(word, &count))
            return 0;
    }
    return count;
}

size_t rg_proc_split_cmdline(struct rg_str text, struct rg_str *args, size_t max)
{
    struct rg_str arg;
    size_t count = 0;

    while (rg_str_split(&text, '\0', &arg)) {
        if (arg.len == 0)
            continue;
        if (count < max)
            args[count] = arg;
        count++;
    }
    return count;
}

struct rg_str rg_proc_trim_comm(struct rg_str s)
{
    while (s.len && (is_space(s.ptr[0]) || s.ptr[0] == '\0')) {
        s.ptr++;
        s.len--;
    }
    while (s.len && (is_space(s.ptr[s.len - 1]) || s.ptr[s.len - 1] == '\0'))
        s.len--;
    return s;
}

bool rg_proc_parse_boot_time(struct rg_str text, int64_t *out_s)
{
    struct rg_str line, word, value;
    int64_t seconds;

    while (rg_str_split(&text, '\n', &line)) {
        if (!rg_str_starts(line, "btime"))
            continue;
        if (!next_word(&line, &word) || !rg_str_is(word, "btime") || !next_word(&line, &value) ||
            next_word(&line, &word) || !rg_str_to_i64(value, &seconds))
            return false;
        *out_s = seconds;
        return true;
    }
    return false;
}
