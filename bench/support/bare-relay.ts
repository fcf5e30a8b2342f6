/** The middle of the bare comparison, a process of its own as the validator is: topic argv[3] → topic argv[4]. Ends on SIGTERM. */
import { bareConsumer, bareKafka, bareSender } from './bare-kafka.ts';

const [brokers = '', from = '', to = ''] = process.argv.slice(2);
const kafka = bareKafka(brokers.split(','));
const { sender, producer } = await bareSender(kafka, to);
const consumer = await bareConsumer(kafka, from, ({ batch }) => {
  sender.add(batch.messages.map(({ key, value }) => ({ key, value, partition: batch.partition })));
});
process.once('SIGTERM', () => {
  Promise.all([consumer.disconnect(), producer.disconnect()]).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
process.send?.('ready');
