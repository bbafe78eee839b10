import { answer, api } from "../api/client";
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type Answer = Schemas["LabelsAnswerShape"];
export type ShareRate = Schemas["ShareRate"];
export type BatchAgreement = Schemas["BatchAgreementShape"];
export type StretchAgreement = Schemas["StretchAgreementShape"];
export type Stretch = Schemas["AgreementOverTimeShape"]["every"];

export const labelsAnswer = (batch: string, signal: AbortSignal): Promise<Answer> =>
  answer(api.GET("/api/v1/labels/answer/", { params: { query: batch ? { batch: Number(batch) } : {} }, signal }));

export const agreementOfBatches = (signal: AbortSignal): Promise<readonly BatchAgreement[]> =>
  answer(api.GET("/api/v1/labels/agreement/", { signal })).then(({ batches }) => batches);

export const agreementOverTime = (batch: string, every: Stretch, signal: AbortSignal): Promise<readonly StretchAgreement[]> =>
  answer(api.GET("/api/v1/labels/agreement/over_time/", { params: { query: { every, ...(batch && { batch: Number(batch) }) } }, signal })).then(({ stretches }) => stretches);
