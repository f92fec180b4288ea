import { DataFrame } from "danfojs-node";
import type { Flight, LateRates } from "./flights.ts";

/** Turns flights into what the model takes, in two steps that are worth keeping an eye on separately. */
export interface FeaturePipeline {
  /** First step: numbers with a meaning, looked up and derived. */
  derive(flights: DataFrame): DataFrame;
  /** Second step: each column shifted and scaled to mean 0 and deviation 1, as most models want it. */
  scale(features: DataFrame): DataFrame;
}

/** A pipeline that looks rates up in `rates` and scales as the `training` flights need it. */
export function createFeaturePipeline(rates: LateRates, training: readonly Flight[]): FeaturePipeline {
  const derive = (flights: DataFrame): DataFrame => {
    const departed = flights.column("departed").values as unknown[] as Date[];
    const origin = flights.column("origin").values as string[];
    const destination = flights.column("destination").values as string[];
    return new DataFrame({
      hour: departed.map((time) => time.getUTCHours() + time.getUTCMinutes() / 60),
      weekday: departed.map((time) => time.getUTCDay()),
      distance: flights.column("distance").values,
      origin_late_yesterday: flights.column("origin_late_yesterday").values,
      origin_late_rate: origin.map((airport) => rates.origin.get(airport) ?? rates.overall),
      destination_late_rate: destination.map((airport) => rates.destination.get(airport) ?? rates.overall),
      hour_late_rate: departed.map((time) => rates.hour.get(time.getUTCHours()) ?? rates.overall),
    });
  };

  const sample = derive(new DataFrame([...training]));
  const scales = sample.columns.map((name) => {
    const column = sample.column(name);
    return { name, mean: column.mean(), deviation: column.std() };
  });
  const scale = (features: DataFrame): DataFrame => {
    const columns = scales.map(({ name, mean, deviation }) => {
      return [name, features.column(name).sub(mean).div(deviation).values];
    });
    return new DataFrame(Object.fromEntries(columns));
  };

  return { derive, scale };
}
