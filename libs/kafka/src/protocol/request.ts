/** A request of the Kafka protocol that kafkajs cannot make; it is sent through kafkajs' connections, authentication included. */
export interface KafkaRequest<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** The body, after the common header (in flexible versions: from the header's tagged fields on). */
  encode(): Buffer;
  /** The body, after the correlation id. */
  decode(payload: Buffer): T;
}
