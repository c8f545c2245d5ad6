// Delayed jobs with BullMQ: node bullmq.mjs PORT JOBS WINDOW_MS LEAD_MS. Prints one line of JSON: lateness p99
// in ms, and jobs a second from the first to the last. A window of 0: all due at once.
import { Queue, Worker } from 'bullmq';

const [port, jobs, window, lead] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const queue = new Queue('jobs', { connection, defaultJobOptions: { removeOnComplete: true } });
const first = Date.now() + lead;
let seed = 7;
const dice = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

for (let n = 0; n < jobs; n += 500) {
  const some = Array.from({ length: Math.min(500, jobs - n) }, () => {
    const due = first + Math.floor(dice() * window);
    return { name: 'job', data: { due }, opts: { delay: Math.max(0, due - Date.now()) } };
  });
  await queue.addBulk(some);
}
if (Date.now() > first) throw new Error('loading took longer than the lead');

const late = [];
let began = 0;
const clock = () => performance.timeOrigin + performance.now();
await new Promise((done) => {
  const fire = async (job) => {
    const now = clock();
    began ||= now;
    late.push(now - job.data.due);
    if (late.length === jobs) done();
  };
  new Worker('jobs', fire, { connection, concurrency: 50 });
});
const took = (clock() - began) / 1000;
late.sort((a, b) => a - b);
console.log(JSON.stringify({ p99: late[Math.ceil((late.length - 1) * 0.99)], rate: jobs / took }));
process.exit(0);
