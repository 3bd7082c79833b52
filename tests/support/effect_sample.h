/* Seeded sequences of effects, and what to compare when they come back from a capture. */
#ifndef RG_TESTS_EFFECT_SAMPLE_H
#define RG_TESTS_EFFECT_SAMPLE_H

#include "rg/base/prng.h"
#include "rg/effect.h"

#define EFFECT_SAMPLE_PIDS  24
#define EFFECT_SAMPLE_NAMES 6

/* Processes whose files change now and then. */
struct effect_sample {
    struct rg_prng prng;
    uint64_t number; /* of the effect given last */
    int64_t clock_ns;
    int32_t pids[EFFECT_SAMPLE_PIDS]; /* ascending, 0: free */
    struct rg_buf files[EFFECT_SAMPLE_PIDS][EFFECT_SAMPLE_NAMES];
    struct rg_buf list, text;
};

void effect_sample_init(struct effect_sample *sample, uint64_t seed);
void effect_sample_finish(struct effect_sample *sample);

/* The next answer of /proc; slices are borrowed until the next call. */
void effect_sample_proc(struct effect_sample *sample, struct rg_effect *effect);

/* The next effect of any kind. */
void effect_sample_next(struct effect_sample *sample, struct rg_effect *effect);

/* Everything about an effect in few bytes. */
struct effect_print {
    uint64_t number;
    enum rg_effect_kind kind;
    uint64_t hash; /* of every field but the number and the times */
    int64_t mono_ns, wall_ns;
};

void effect_print_take(const struct rg_effect *effect, struct effect_print *out);

#endif
