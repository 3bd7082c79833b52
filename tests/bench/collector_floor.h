/* The least that handing work to threads costs: one lock, one condition. */
#ifndef RG_BENCH_COLLECTOR_FLOOR_H
#define RG_BENCH_COLLECTOR_FLOOR_H

/* CPU time per item, in ns, of handing count items in one burst to as many threads, rounds times.
 * Ends the process when threads cannot be had. */
double collector_floor_ns(unsigned threads, unsigned count, unsigned rounds);

#endif
