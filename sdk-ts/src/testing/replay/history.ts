// What reads and writes history files, without what replays them.
export { type History, HistoryError, type HistoryHead, readHistories } from "./history-file.js";
export { type HistoryCount, type HistoryLinesOptions, historyLines } from "./history-lines.js";
